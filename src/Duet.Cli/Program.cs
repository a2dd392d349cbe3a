Console.WriteLine("duet");
