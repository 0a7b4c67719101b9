using GaleLb.LoadBalancer.Hosting;
using GaleLb.LoadBalancer.Rest;

namespace GaleLb.LoadBalancer.Tests.Rest;

public sealed class ApiTokensTests : IDisposable
{
    private readonly string _path = Path.GetTempFileName();

    public void Dispose() => File.Delete(_path);

    [Fact]
    public void Load_LinesWithAndWithoutRoles_KnowsEachTokensRole()
    {
        ApiTokens tokens = Load("# monitoring\nread watcher-1\n\n  order  operator-1  \nbare-1\n");

        tokens.RoleOf("watcher-1").Should().Be(ApiRole.Read);
        tokens.RoleOf("operator-1").Should().Be(ApiRole.Order);
        tokens.RoleOf("bare-1").Should().Be(ApiRole.Order);
        tokens.RoleOf("watcher").Should().BeNull();
        tokens.RoleOf("").Should().BeNull();
        tokens.RoleOf("read watcher-1").Should().BeNull();
    }

    [Theory]
    [InlineData("good\nwrite secret", 2)]
    [InlineData("read secret more", 1)]
    [InlineData("# x\n\nread", 3)]
    [InlineData("secr\u00e9t", 1)]
    [InlineData("secret\nread secret", 2)]
    public void Load_BadLine_NamesFileAndLineAndNeverTheToken(string content, int line)
    {
        Action load = () => Load(content);

        load.Should().Throw<StartException>().Which.Message.Should().StartWith($"{_path}:{line}: ").And.NotContain("secret").And.NotContain("secr\u00e9t");
    }

    [Theory]
    [InlineData("")]
    [InlineData("\n# only words\n")]
    public void Load_WithoutToken_NamesTheFile(string content)
    {
        Action load = () => Load(content);

        load.Should().Throw<StartException>().WithMessage($"{_path}: *no token*");
    }

    [Fact]
    public void Load_MissingFile_NamesIt()
    {
        Action load = () => ApiTokens.Load("/nonexistent/tokens");

        load.Should().Throw<StartException>().WithMessage("/nonexistent/tokens: *");
    }

    private ApiTokens Load(string content)
    {
        File.WriteAllText(_path, content);
        return ApiTokens.Load(_path);
    }
}
