using System.Net.Sockets;

namespace GaleLb.E2E.Tests;

[Collection(WireInTcCollection.Name)]
public sealed class IPv4WireInTcTests(WireInTcFixture fixture) : WireTests(fixture, AddressFamily.InterNetwork);
