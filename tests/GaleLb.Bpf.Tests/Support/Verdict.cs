namespace GaleLb.Bpf.Tests.Support;

/// <summary>Names of the programs' return values: enum xdp_action and the TC_ACT_ codes of the kernel.</summary>
public static class Verdict
{
    public const string Pass = "pass";
    public const string Redirect = "redirect";

    /// <summary>A verdict of the public side in TC in the words of XDP.</summary>
    public static uint AsXdp(uint value) => unchecked((int)value) switch
    {
        -1 => 2,
        2 => 1,
        7 => 4,
        _ => value + 100,
    };

    public static string Name(string program, uint value) => (program.Contains("_xdp_", StringComparison.Ordinal), value) switch
    {
        (true, 0) => "aborted",
        (true, 1) => "drop",
        (true, 2) => Pass,
        (true, 3) => "tx",
        (true, 4) => Redirect,
        (false, 0) => "ok",
        (false, 2) => "shot",
        (false, 7) => Redirect,
        _ => $"unknown ({value})",
    };
}
