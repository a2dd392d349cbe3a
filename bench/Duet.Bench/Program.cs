Console.Error.WriteLine("usage: Duet.Bench NAME");
return 2;
