using System.Globalization;

namespace Duet.Data.Media;

/// <summary>What ffmpeg and ffprobe may do with a file that nobody vouches for.</summary>
internal static class Fence
{
    /// <summary>
    /// Containers that hold their own media. Playlists, concatenations, image sequences and scripts, which make ffmpeg open
    /// files or addresses of somebody else's choice, are not among them.
    /// </summary>
    public const string Formats =
        "mov,matroska,avi,mpeg,mpegts,mpegtsraw,mpegvideo,flv,live_flv,kux,asf,asf_o,ogg,mxf,nut,ivf,obu,av1,h264,hevc,vvc,m4v,vc1,h263,h261,gif,dv,rm,amv,swf,wtv,"
        + "ty,pva,nsv,gxf,lvf,mtv,nuv,roq,smk,bink,4xm,film_cpk,vmd,y4m,yuv4mpegpipe,apng,wav,mp3,aac,flac,ac3,eac3,aiff,au,caf,w64,tta,amr,dts,truehd,ape,wv,mpc,mpc8,adts";

    /// <summary>Arguments that come before the input.</summary>
    /// <param name="path">The file; its name may begin with a dash or hold any character.</param>
    /// <param name="maxPixels">Most pixels of a picture.</param>
    public static IEnumerable<string> Input(string path, long maxPixels) =>
    [
        "-protocol_whitelist", "file",
        "-format_whitelist", Formats,
        "-max_pixels", maxPixels.ToString(CultureInfo.InvariantCulture),
        "-i", "file:" + path,
    ];
}
