using GaleLb.Hosts.Tests.Harness;

namespace GaleLb.Hosts.Tests;

/// <summary>What the tests read of an inventory; without hosts.</summary>
public sealed class InventoryTests
{
    /// <summary>As ansible-inventory 2.14 tells: [lb:children] of a range, [lb:vars], a number from YAML, a host in two groups.</summary>
    private const string Told = """
        {
          "_meta": {"hostvars": {
            "a-0": {"ansible_host": "192.0.2.10", "gale_clients_port": 80, "gale_private_interface": "ens18", "ansible_user": ""},
            "a-1": {"gale_private_interface": "{{ card }}", "ansible_become_password": {"__ansible_vault": "$ANSIBLE_VAULT"}}
          }},
          "all": {"children": ["ungrouped", "lb", "site"]},
          "lb": {"children": ["east", "west"]},
          "east": {"hosts": ["a-0", "a-1"]},
          "west": {"hosts": ["a-1", "a-2"]}
        }
        """;

    private readonly Inventory _inventory = Inventory.Parse(Told);

    [Theory]
    [InlineData("lb", "a-0 a-1 a-2")]
    [InlineData("all", "a-0 a-1 a-2")]
    [InlineData("west", "a-1 a-2")]
    [InlineData("spare", "")]
    public void Group_OfEachKind_HasItsHostsOnceAndInOrder(string group, string hosts) =>
        string.Join(' ', _inventory.Group(group)).Should().Be(hosts);

    [Theory]
    [InlineData("a-0", "ansible_host", "192.0.2.10")]
    [InlineData("a-0", "gale_clients_port", "80")]
    [InlineData("a-0", "ansible_user", null)]
    [InlineData("a-0", "gale_public_interface", null)]
    [InlineData("a-2", "ansible_host", null)]
    public void Variable_OfAHost_IsAText(string host, string name, string? value) => _inventory.Variable(host, name).Should().Be(value);

    [Theory]
    [InlineData("gale_private_interface", "a-1: gale_private_interface is a template, {{ card }}; the tests need a plain value")]
    [InlineData("ansible_become_password", "a-1: ansible_become_password is a vaulted or composed value; the tests need a plain one")]
    public void Variable_ThatIsNoPlainValue_IsRefused(string name, string words) =>
        _inventory.Invoking(i => i.Variable("a-1", name)).Should().Throw<InvalidDataException>().WithMessage(words);
}
