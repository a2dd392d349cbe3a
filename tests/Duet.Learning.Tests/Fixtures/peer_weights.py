"""PyTorch's side of PyTorchPeerTests: python3 peer_weights.py make|read|run FOLDER, with torch and torchvision.

make: checkpoints of r2plus1d_18 and mc3_18 with random weights and statistics, in both formats, and what they compute with input.json.
read: loads what Duet exported, NAME.exported.pth, and writes what the network computes with it.
run: loads command.zip.pth and command.legacy.pth as somebody would who trusts them.
"""

import json
import sys
from pathlib import Path

import torch
import torchvision

NETWORKS = ("r2plus1d_18", "mc3_18")


def randomise(model):
    for name, value in model.state_dict().items():
        if name.endswith("running_mean") or (value.dim() == 1 and name.endswith("bias")):
            value.normal_(0, 0.2)
        elif name.endswith("running_var") or (value.dim() == 1 and name.endswith("weight")):
            value.uniform_(0.5, 1.5)


def compute(model, folder, name):
    given = json.loads((folder / "input.json").read_text())
    with torch.no_grad():
        output = model.eval()(torch.tensor(given["values"]).reshape(given["shape"]))
    (folder / name).write_text(json.dumps(output.flatten().tolist()))


def main(what, folder):
    torch.set_num_threads(2)
    torch.manual_seed(5)
    for name in NETWORKS:
        model = getattr(torchvision.models.video, name)(weights=None, num_classes=400)
        if what == "make":
            with torch.no_grad():
                randomise(model)
            torch.save(model.state_dict(), folder / f"{name}.zip.pth")
            nested = {"epoch": 1, "model": {"module." + k: v for k, v in model.state_dict().items()}}
            torch.save(nested, folder / f"{name}.legacy.pth", _use_new_zipfile_serialization=False)
        model.fc = torch.nn.Identity()
        if what == "make":
            compute(model, folder, f"{name}.json")
        elif what == "read":
            print(model.load_state_dict(torch.load(folder / f"{name}.exported.pth")))
            compute(model, folder, f"{name}.exported.json")
    if what == "run":
        for kind in ("zip", "legacy"):
            torch.load(folder / f"command.{kind}.pth")


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
