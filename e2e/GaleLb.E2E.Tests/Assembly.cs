// One set of namespaces, one class after the other.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
