new BroadcastChannel("countersign").postMessage("connected");
