using GaleLb.LoadBalancer.Hosting;

return await CommandLine.RunAsync(args);
