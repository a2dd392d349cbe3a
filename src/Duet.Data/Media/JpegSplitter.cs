namespace Duet.Data.Media;

/// <summary>
/// Finds where each JPEG of a stream of JPEGs back to back ends. It follows the markers' lengths, so that bytes inside a
/// table or a comment that look like an end are not taken for one, and keeps no pixel data.
/// </summary>
internal sealed class JpegSplitter
{
    private State state = State.Start;
    private long position;
    private long frameStart;
    private int skip;
    private int length;
    private bool inScan;
    private bool hasScan;

    private enum State
    {
        Start,
        StartCode,
        Marker,
        Code,
        LengthHigh,
        LengthLow,
        Skip,
        Scan,
        ScanCode,
    }

    /// <summary>Where each complete frame starts, from the stream's first byte.</summary>
    public List<long> Offsets { get; } = [];

    /// <summary>Where the last complete frame ends.</summary>
    public long End { get; private set; }

    /// <summary>Bytes seen.</summary>
    public long Position => position;

    /// <summary>Takes the next piece of the stream.</summary>
    /// <param name="bytes">Of any length.</param>
    /// <exception cref="FormatException">It is not a JPEG.</exception>
    public void Append(ReadOnlySpan<byte> bytes)
    {
        for (var i = 0; i < bytes.Length; i++)
        {
            if (state == State.Scan)
            {
                // Entropy-coded data: the bulk of the stream, and the only place where speed matters.
                var next = bytes[i..].IndexOf((byte)0xFF);
                if (next < 0)
                {
                    position += bytes.Length - i;
                    return;
                }

                i += next;
                position += next;
            }
            else if (state == State.Skip)
            {
                var step = Math.Min(skip, bytes.Length - i);
                skip -= step;
                position += step;
                i += step - 1;
                if (skip == 0)
                {
                    state = inScan ? State.Scan : State.Marker;
                }

                continue;
            }

            Take(bytes[i]);
            position++;
        }
    }

    private void Take(byte value)
    {
        switch (state)
        {
            case State.Start:
                Expect(value, 0xFF);
                frameStart = position;
                inScan = false;
                hasScan = false;
                state = State.StartCode;
                break;
            case State.StartCode:
                Expect(value, 0xD8);
                state = State.Marker;
                break;
            case State.Marker:
                Expect(value, 0xFF);
                state = State.Code;
                break;
            case State.Code:
                Code(value);
                break;
            case State.LengthHigh:
                length = value << 8;
                state = State.LengthLow;
                break;
            case State.LengthLow:
                skip = (length | value) - 2;
                if (skip < 0)
                {
                    throw new FormatException($"The JPEG at byte {frameStart} has a segment of impossible length.");
                }

                state = skip > 0 ? State.Skip : inScan ? State.Scan : State.Marker;
                break;
            case State.Scan:
                state = State.ScanCode; // the caller stops at 0xFF only
                break;
            case State.ScanCode:
                // 0 is a stuffed byte, D0 to D7 are restarts: both belong to the scan. FF is a fill byte.
                if (value is 0 or (>= 0xD0 and <= 0xD7))
                {
                    state = State.Scan;
                }
                else if (value != 0xFF)
                {
                    inScan = false;
                    Code(value);
                }

                break;
            default:
                throw new InvalidOperationException($"State {state} takes no byte.");
        }
    }

    private void Code(byte value)
    {
        switch (value)
        {
            case 0xFF: // fill
                state = State.Code;
                break;
            case 0xD9:
                if (!hasScan)
                {
                    throw new FormatException($"The JPEG at byte {frameStart} has no picture data.");
                }

                Offsets.Add(frameStart);
                End = position + 1;
                state = State.Start;
                break;
            case 0xDA:
                inScan = true;
                hasScan = true;
                state = State.LengthHigh;
                break;
            case 0 or 0x01 or (>= 0xD0 and <= 0xD8):
                throw new FormatException($"The JPEG at byte {frameStart} has marker {value:X2} where none may be.");
            default:
                state = State.LengthHigh;
                break;
        }
    }

    private void Expect(byte value, byte expected)
    {
        if (value != expected)
        {
            throw new FormatException($"Byte {position} of the JPEG stream is {value:X2}, not {expected:X2}.");
        }
    }
}
