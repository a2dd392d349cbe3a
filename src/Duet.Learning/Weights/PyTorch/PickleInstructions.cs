namespace Duet.Learning.Weights.PyTorch;

/// <summary>The instructions of pickles that Duet does not follow, by name.</summary>
internal static class PickleInstructions
{
    /// <summary>The name of an instruction that is not followed; null for a byte that is none.</summary>
    public static string? Name(byte code) => code switch
    {
        (byte)'i' => "INST",
        (byte)'o' => "OBJ",
        (byte)'P' => "PERSID",
        (byte)'F' => "FLOAT",
        (byte)'I' => "INT",
        (byte)'L' => "LONG",
        (byte)'S' => "STRING",
        (byte)'V' => "UNICODE",
        (byte)'d' => "DICT",
        (byte)'l' => "LIST",
        (byte)'g' => "GET",
        (byte)'p' => "PUT",
        0x81 => "NEWOBJ",
        0x82 => "EXT1",
        0x83 => "EXT2",
        0x84 => "EXT4",
        0x92 => "NEWOBJ_EX",
        0x96 => "BYTEARRAY8",
        0x97 => "NEXT_BUFFER",
        0x98 => "READONLY_BUFFER",
        _ => null,
    };
}
