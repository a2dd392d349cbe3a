using System.Buffers.Binary;
using System.Numerics;
using System.Text;

namespace Duet.Learning.Weights.PyTorch;

/// <summary>
/// Reads one pickle: a program for a small stack machine. In Python, <c>GLOBAL</c> and <c>REDUCE</c> import and call whatever the file names;
/// here they reach the records of <see cref="KnownNames"/> and nothing else. What is built are lists, pairs, texts and numbers, bounded by the
/// bytes and the steps that describe them.
/// </summary>
internal sealed class PickleReader
{
    /// <summary>The most instructions: each leaves at most one small object.</summary>
    private const int MaximumSteps = 4_000_000;

    private const int LongestInteger = 16;
    private static readonly UTF8Encoding StrictUtf8 = new(false, throwOnInvalidBytes: true);
    private readonly Stream stream;
    private readonly string source;
    private readonly StorageTable? storages;
    private readonly long end;
    private readonly List<object?> stack = [];
    private readonly List<int> marks = [];
    private readonly Dictionary<uint, object?> memo = [];

    private PickleReader(Stream stream, string source, StorageTable? storages)
    {
        this.stream = stream;
        this.source = source;
        this.storages = storages;
        end = Math.Min(stream.Length, stream.Position + PyTorchFormat.MaximumPickleBytes);
    }

    /// <summary>Reads the pickle that begins where the stream stands; the stream is left behind it.</summary>
    /// <param name="stream">A stream that can seek.</param>
    /// <param name="source">What to call it in errors.</param>
    /// <param name="storages">Takes the storages that are referred to; null where there must be none.</param>
    /// <exception cref="WeightsException">It is damaged, or asks for something that is not a plain value.</exception>
    public static object? Read(Stream stream, string source, StorageTable? storages = null)
    {
        var reader = new PickleReader(stream, source, storages);
        for (var step = 0; step < MaximumSteps; step++)
        {
            var code = reader.Byte();
            if (code == (byte)'.')
            {
                var result = reader.Pop();
                return reader.stack.Count == 0 && reader.marks.Count == 0 ? result : throw reader.Broken("its pickle ends with values left over");
            }

            reader.Step(code);
        }

        throw reader.Broken($"its pickle takes more than {MaximumSteps} steps");
    }

    private void Step(byte code)
    {
        switch (code)
        {
            case 0x80: // PROTO
                if (Byte() is var protocol && protocol is < 2 or > 5)
                {
                    throw Broken($"its pickle is of protocol {protocol}, and torch.save writes 2 to 5");
                }

                break;
            case 0x95: // FRAME: a hint for readers of streams
                Length(U64());
                break;
            case (byte)'(':
                marks.Add(stack.Count);
                break;
            case (byte)'0':
                Pop();
                break;
            case (byte)'1':
                PopToMark();
                break;
            case (byte)'2':
                Push(Peek());
                break;
            case (byte)'N':
                Push(null);
                break;
            case 0x88:
                Push(true);
                break;
            case 0x89:
                Push(false);
                break;
            case (byte)'J':
                Push((long)BinaryPrimitives.ReadInt32LittleEndian(Take(4)));
                break;
            case (byte)'K':
                Push((long)Byte());
                break;
            case (byte)'M':
                Push((long)BinaryPrimitives.ReadUInt16LittleEndian(Take(2)));
                break;
            case 0x8a:
                PushInteger(Byte());
                break;
            case 0x8b:
                PushInteger(U32());
                break;
            case (byte)'G':
                Push(BinaryPrimitives.ReadDoubleBigEndian(Take(8)));
                break;
            case (byte)'T' or (byte)'X':
                Push(Text(U32()));
                break;
            case (byte)'U' or 0x8c:
                Push(Text(Byte()));
                break;
            case 0x8d:
                Push(Text(U64()));
                break;
            case (byte)'B':
                Push(Take(Length(U32())));
                break;
            case (byte)'C':
                Push(Take(Length(Byte())));
                break;
            case 0x8e:
                Push(Take(Length(U64())));
                break;
            case (byte)')':
                Push(PickleTuple.Empty);
                break;
            case 0x85 or 0x86 or 0x87:
                Push(new PickleTuple(PopMany(code - 0x84)));
                break;
            case (byte)'t':
                Push(new PickleTuple(PopToMark()));
                break;
            case (byte)']' or 0x8f:
                Push(new PickleList());
                break;
            case 0x91:
                var set = new PickleList();
                set.Items.AddRange(PopToMark());
                Push(set);
                break;
            case (byte)'a':
                var item = Pop();
                ListOnTop().Items.Add(item);
                break;
            case (byte)'e' or 0x90:
                var items = PopToMark();
                ListOnTop().Items.AddRange(items);
                break;
            case (byte)'}':
                Push(new PickleDictionary());
                break;
            case (byte)'s':
                SetItems(PopMany(2));
                break;
            case (byte)'u':
                SetItems(PopToMark());
                break;
            case (byte)'q':
                memo[Byte()] = Peek();
                break;
            case (byte)'r':
                memo[U32()] = Peek();
                break;
            case 0x94:
                memo[(uint)memo.Count] = Peek();
                break;
            case (byte)'h':
                Push(Remembered(Byte()));
                break;
            case (byte)'j':
                Push(Remembered(U32()));
                break;
            case (byte)'c':
                Push(Global(Line(), Line()));
                break;
            case 0x93:
                var name = Pop();
                Push(Pop() is string module && name is string global ? Global(module, global) : throw Broken("its pickle asks for a name that is no text"));
                break;
            case (byte)'R':
                Reduce();
                break;
            case (byte)'b':
                Build();
                break;
            case (byte)'Q':
                Push((storages ?? throw Refused("its pickle refers to a storage where there are none")).Add(Pop()));
                break;
            default:
                throw Refused(PickleInstructions.Name(code) is { } known ? $"its pickle uses {known}, which builds objects or reaches outside" : $"its pickle has the unknown instruction 0x{code:x2}");
        }
    }

    private KnownName Global(string module, string name) =>
        KnownNames.Find(module, name) ?? throw Refused($"its pickle asks for '{SafeTensorsHeader.Shown($"{module}.{name}")}', which is not on the list of harmless types");

    private void Reduce()
    {
        var arguments = Pop() as PickleTuple ?? throw Broken("its pickle calls something without a tuple of arguments");
        var called = Pop() as KnownName ?? throw Refused("its pickle calls something that is no known type");
        Push(called.Call?.Invoke(arguments.Items) ?? throw Refused($"its pickle calls '{called.FullName}' with arguments that it can't have"));
    }

    /// <summary>State is set on what carries it harmlessly: a state dict's versions of its modules, a NumPy type's byte order. It is not kept.</summary>
    private void Build()
    {
        var state = Pop();
        if ((Peek(), state) is not ((PickleDictionary, PickleDictionary) or (PickleOther { What: "numpy.dtype" }, PickleTuple)))
        {
            throw Refused("its pickle uses BUILD on an object that is no dictionary");
        }
    }

    private void SetItems(object?[] items)
    {
        var target = Peek() as PickleDictionary ?? throw Broken("its pickle sets items of something that is no dictionary");
        if (items.Length % 2 != 0)
        {
            throw Broken("its pickle sets an item without a value");
        }

        for (var i = 0; i < items.Length; i += 2)
        {
            target.Pairs.Add((items[i], items[i + 1]));
        }
    }

    private PickleList ListOnTop() => Peek() as PickleList ?? throw Broken("its pickle appends to something that is no list");

    private object? Remembered(uint index) => memo.TryGetValue(index, out var value) ? value : throw Broken($"its pickle takes the value {index} from its memo before it put one there");

    private void PushInteger(ulong length)
    {
        if (length > LongestInteger)
        {
            throw Refused($"its pickle holds an integer of {length} bytes, and {LongestInteger} are allowed");
        }

        var value = new BigInteger(Take((int)length));
        Push(value >= long.MinValue && value <= long.MaxValue ? (object)(long)value : value);
    }

    private string Text(ulong length)
    {
        var bytes = Take(Length(length));
        try
        {
            return StrictUtf8.GetString(bytes);
        }
        catch (DecoderFallbackException e)
        {
            throw Broken("its pickle has a text that is not UTF-8", e);
        }
    }

    /// <summary>A line of a name: module or class.</summary>
    private string Line()
    {
        const int Longest = 256;
        var line = new StringBuilder();
        for (var c = Byte(); c != (byte)'\n'; c = Byte())
        {
            if (line.Length == Longest)
            {
                throw Broken($"its pickle has a name of more than {Longest} characters");
            }

            line.Append((char)c);
        }

        return line.ToString();
    }

    private void Push(object? value) => stack.Add(value);

    private object? Peek() => stack.Count > Floor ? stack[^1] : throw Broken("its pickle takes a value that it never made");

    private object? Pop()
    {
        var value = Peek();
        stack.RemoveAt(stack.Count - 1);
        return value;
    }

    private int Floor => marks.Count > 0 ? marks[^1] : 0;

    private object?[] PopMany(int count)
    {
        if (stack.Count - count < Floor)
        {
            throw Broken("its pickle takes more values than it made");
        }

        object?[] items = [.. stack[^count..]];
        stack.RemoveRange(stack.Count - count, count);
        return items;
    }

    private object?[] PopToMark()
    {
        if (marks.Count == 0)
        {
            throw Broken("its pickle takes values to a mark that it never set");
        }

        var items = PopMany(stack.Count - marks[^1]);
        marks.RemoveAt(marks.Count - 1);
        return items;
    }

    private byte Byte() => stream.Position < end && stream.ReadByte() is >= 0 and var value ? (byte)value : throw Ended();

    private uint U32() => BinaryPrimitives.ReadUInt32LittleEndian(Take(4));

    private ulong U64() => BinaryPrimitives.ReadUInt64LittleEndian(Take(8));

    /// <summary>A length, where that many bytes follow.</summary>
    private int Length(ulong length) => length <= (ulong)(end - stream.Position) ? (int)length : throw Ended();

    private byte[] Take(int count)
    {
        Length((ulong)count);
        var bytes = new byte[count];
        stream.ReadExactly(bytes);
        return bytes;
    }

    private WeightsException Ended() => end < stream.Length
        ? Refused($"its pickle is longer than {PyTorchFormat.MaximumPickleBytes >> 20} MiB")
        : Broken("its pickle ends in the middle");

    private WeightsException Broken(string what, Exception? inner = null) => PyTorchFormat.Broken(source, what, inner);

    private WeightsException Refused(string what) => PyTorchFormat.Refused(source, what);
}
