using Duet.Data.Scenes.Kinds;

namespace Duet.Data.Scenes;

/// <summary>A kind of event: its label and what it is, in words for a report.</summary>
public sealed class SceneKind
{
    internal SceneKind(string name, string description, Func<SceneSetup, IAct> stage)
    {
        Name = name;
        Description = description;
        Stage = stage;
    }

    /// <summary>The label in <c>list.csv</c>.</summary>
    public string Name { get; }

    /// <summary>One sentence for a human reader.</summary>
    public string Description { get; }

    internal Func<SceneSetup, IAct> Stage { get; }
}

/// <summary>All kinds of event that can be drawn.</summary>
public static class SceneKinds
{
    /// <summary>In the order in which they take turns.</summary>
    public static IReadOnlyList<SceneKind> All { get; } =
    [
        new("ball", "A ball lands after arcs of different height; every impact thumps.", setup => new BallAct(setup)),
        new("hammer", "A hammer strikes an anvil; sparks fly and the iron rings.", setup => new HammerAct(setup)),
        new("drum", "Two sticks beat two drums of different pitch.", setup => new DrumAct(setup)),
        new("string", "A plectrum plucks strings, which vibrate for as long as they sound.", setup => new StringAct(setup)),
        new("sweep", "A column rises and falls; its height is the pitch of a tone.", setup => new SweepAct(setup)),
        new("rain", "Heavy drops fall into water, with rings and a rising plop.", setup => new RainAct(setup)),
        new("lamp", "Lamps light up; each sounds its tone for as long as it is lit.", setup => new LampAct(setup)),
        new("wheel", "A wheel of fortune changes speed; every peg clicks at the tongue.", setup => new WheelAct(setup)),
        new("pendulum", "A weight swings through the air; the faster, the louder and brighter the whoosh.", setup => new PendulumAct(setup)),
        new("bubble", "Bubbles swell under a rising tone and burst with a pop.", setup => new BubbleAct(setup)),
        new("disc", "A disc breathes; its size is the level of a noise.", setup => new DiscAct(setup)),
        new("saw", "A saw rasps to and fro through a log.", setup => new SawAct(setup)),
    ];
}
