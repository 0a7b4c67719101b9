using System.Net.Sockets;

namespace GaleLb.E2E.Tests;

[Collection(WireInTcCollection.Name)]
public sealed class IPv6WireInTcTests(WireInTcFixture fixture) : WireTests(fixture, AddressFamily.InterNetworkV6);
