using System.Net.Sockets;

namespace GaleLb.E2E.Tests;

[Collection(WireCollection.Name)]
public sealed class IPv6WireTests(WireFixture fixture) : WireTests(fixture, AddressFamily.InterNetworkV6);
