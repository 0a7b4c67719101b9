using System.Net.Sockets;

namespace GaleLb.E2E.Tests;

[Collection(WireCollection.Name)]
public sealed class IPv4WireTests(WireFixture fixture) : WireTests(fixture, AddressFamily.InterNetwork);
