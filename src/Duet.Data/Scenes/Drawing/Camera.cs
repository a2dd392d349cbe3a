using SkiaSharp;

namespace Duet.Data.Scenes.Drawing;

/// <summary>A hand-held camera and a drifting light: slow pan and zoom, a little shake, all unrelated to the action.</summary>
internal sealed class Camera
{
    private readonly Wave[] panX;
    private readonly Wave[] panY;
    private readonly Wave zoom;
    private readonly Wave roll;
    private readonly Wave light;
    private readonly double lightReach;

    public Camera(double motion, Dice dice)
    {
        var unrest = motion * dice.LogUniform(0.2, 1.6);
        panX = [Wave.Draw(dice, 0.07 * unrest, 0.06, 0.25), Wave.Draw(dice, 0.010 * unrest, 0.7, 2.2)];
        panY = [Wave.Draw(dice, 0.05 * unrest, 0.06, 0.25), Wave.Draw(dice, 0.008 * unrest, 0.7, 2.2)];
        zoom = Wave.Draw(dice, 0.09 * unrest, 0.05, 0.2);
        roll = Wave.Draw(dice, 0.05 * unrest, 0.05, 0.3);
        light = Wave.Draw(dice, 1, 0.08, 0.35);
        lightReach = 0.2 * dice.Uniform(0, motion);
    }

    /// <summary>Sets the canvas to frame heights around the centre, as seen at <paramref name="time"/>.</summary>
    public void Apply(SKCanvas canvas, int width, int height, double time)
    {
        canvas.ResetMatrix();
        canvas.Translate(width / 2f, height / 2f);
        canvas.Scale((float)(height * (1 + zoom.At(time))));
        canvas.RotateRadians((float)roll.At(time));
        canvas.Translate((float)(panX[0].At(time) + panX[1].At(time)), (float)(panY[0].At(time) + panY[1].At(time)));
    }

    /// <summary>Darkens or brightens the finished frame.</summary>
    public void Light(SKCanvas canvas, double time)
    {
        var level = light.At(time) * lightReach;
        canvas.ResetMatrix();
        canvas.DrawColor(Palette.Clear(level < 0 ? SKColors.Black : SKColors.White, Math.Abs(level)), SKBlendMode.SrcOver);
    }

    private readonly record struct Wave(double Amplitude, double Frequency, double Phase)
    {
        public static Wave Draw(Dice dice, double amplitude, double least, double most) =>
            new(amplitude * dice.Uniform(0.3, 1), dice.LogUniform(least, most), dice.Uniform(0, 2 * Math.PI));

        public double At(double time) => Amplitude * Math.Sin((2 * Math.PI * Frequency * time) + Phase);
    }
}
