"""How each example is run: what is not run, with the reason; what is made shorter; what must be printed."""

ROOT_ONLY = "changes the system, as root: `make boot-test` runs it in a container"
CAMERA = "needs a USB camera: tests/faults and tests/vision run it on recordings"
NETWORK = "needs the network"
NOT_A_COMMAND = "a diagram, not a command"
PLACEHOLDER = "has the reader's own word in it"
FRIENDS = "needs friends and their pictures: tests/app/test_friends_command.py runs it on others"
SEARCH = "looks for the thing for half a minute: tests/app and tests/skills/things run it on pictures and stand-ins"
OWN_PICTURES = "needs pictures of the reader's own: tests/convert runs it on drawn ones"
SKILL_MEASUREMENT = "takes minutes, with pictures and weights of its own: tests/convert/skills runs its parts"
INSTALLED_SKILL = f"{ROOT_ONLY}, or the network: tests/systemd_files runs it with a server of its own"
PROGRAM = "runs a model of the reader's own: tests/skills/description/test_captioner.py runs it with a stand-in"

MEASUREMENT = "takes minutes in a checkout, with PulseAudio: it makes a table of tests/README.md"

CLUSTER = "needs machines: `make test-cluster` runs it with two of its own"

PLAYGROUND = "serves a page until it is ended: tests/browser/playground runs it"

NOT_RUN = {
    "emotion-convert playground": PLAYGROUND,
    "emotion-convert playground --port 8000 --model mine-int8.tflite": PLAYGROUND,
    "pip install -e '.[playground]'": NETWORK,
    "emotion-assistant run --camera opencv": CAMERA,
    "emotion-assistant run --camera NAME": PLACEHOLDER,
    "emotion-assistant run --profile": CAMERA,
    "mine/angry/…  mine/happy/…  mine/neutral/…  and so on": NOT_A_COMMAND,
    "emotion-convert data mine --html mine.html": OWN_PICTURES,
    "emotion-convert train --recipe emotion-small --data mine --run runs/mine": OWN_PICTURES,
    "emotion-convert quantize --head fer2013 --data mine runs/mine runs/mine/emotion-mine-int8.tflite": OWN_PICTURES,
    "emotion-assistant run --preview": "opens a window beside the assistant: tests/app/test_preview.py looks at it",
    "export EMOTION_DATA=/path/to/fer2013": f"{PLACEHOLDER}; EMOTION_DATA is set here",
    "frame → grey → faces → tracks → readings → changes → announcements → utterances": NOT_A_COMMAND,
    "├─→ names ───────────────────┘": NOT_A_COMMAND,
    "└──────────────→ snapshot → answers": NOT_A_COMMAND,
    "git clone <this repository> && cd emotion-assistant": NETWORK,
    "sudo apt install git": ROOT_ONLY,
    "sudo apt install git && git clone <this repository> && cd emotion-assistant": ROOT_ONLY,
    "sudo apt-get install --download-only python3-venv espeak-ng alsa-utils python3-gpiozero python3-lgpio"
    " python3-evdev": ROOT_ONLY,
    "sudo systemd/install.sh": ROOT_ONLY,
    "sudo systemd/install.sh --bluetooth": "needs root and a headset: tests/systemd_files runs it with stand-ins",
    "install.sh --yunet": f"{ROOT_ONLY}, and the network: tests/systemd_files runs it with a server of its own",
    "systemd/install.sh --card /media/you/bootfs": "needs an SD card: `make boot-test` prepares and boots one",
    "sudo emotion-assistant doctor": ROOT_ONLY,
    "sudo /opt/emotion-assistant/venv/bin/emotion-convert benchmark": "needs root; the help has it without",
    "sudo systemd/install.sh --read": f"{ROOT_ONLY}, and the network: tests/systemd_files runs it with stand-ins",
    "sudo systemd/install.sh --friends": f"{ROOT_ONLY}, and the network: tests/systemd_files has a server of its own",
    "systemd/install.sh --friends": f"{ROOT_ONLY}, and the network: tests/systemd_files has a server of its own",
    "sudo emotion-assistant friends add Anna --pictures anna/ --they-agreed": FRIENDS,
    "sudo emotion-assistant replay clip.mp4": f"{ROOT_ONLY}; without `sudo` it is run as the README has it",
    "emotion-assistant friends add NAME": FRIENDS,
    "emotion-assistant friends export FILE": FRIENDS,
    "emotion-assistant friends import FILE": FRIENDS,
    "EMOTION_SFACE=… emotion-convert scenarios --only friends": "needs the face recognizer, and takes minutes",
    "emotion-convert evaluate-skills friends": "takes up to half an hour: tests/convert/skills runs its parts",
    "systemd/install.sh --things": INSTALLED_SKILL,
    "sudo systemd/install.sh --things": INSTALLED_SKILL,
    "install.sh --things": INSTALLED_SKILL,
    "install.sh --friends": INSTALLED_SKILL,
    "systemd/install.sh --read": INSTALLED_SKILL,
    "install.sh --read": INSTALLED_SKILL,
    "emotion-assistant find cup": SEARCH,
    "emotion-assistant find cup desk.jpg": SEARCH,
    "emotion-assistant find chair": SEARCH,
    "emotion-convert evaluate-skills taught-things": SKILL_MEASUREMENT,
    "EMOTION_THINGS=… emotion-convert evaluate-skills taught-things": SKILL_MEASUREMENT,
    "EMOTION_THINGS=… EMOTION_WEIGHTS=… emotion-convert evaluate-skills things describe": SKILL_MEASUREMENT,
    "EMOTION_THINGS=… emotion-convert evaluate-skills read": SKILL_MEASUREMENT,
    "python -m tests.endurance.training_memory --steps 60": "takes minutes: it makes a figure of tests/README.md",
    '"tiny": Kind("ancestors", {"width": count(1, 64)}),': "a line of the source: test_network_kinds.py adds it",
    "emotion-convert compare RECIPE … --core-hours H --readme models/README.md": "takes hours, and writes a figure",
    "pip install 'emotion-assistant[convert]'": NETWORK,
    "pip install 'emotion-assistant[preview]'": NETWORK,
    "python -m tests.peers --install": f"{NETWORK}, for gigabytes: by hand alone",
    "python -m tests.peers --readme models/README.md": "takes minutes and what --install makes: by hand alone",
    "python -m tests.endurance.skills_idle": "takes minutes: it makes a figure of tests/README.md",
    "sudo systemd/install.sh --extra piper": f"{ROOT_ONLY}, and the network: tests/systemd_files has stand-ins",
    "sudo systemd/install.sh --listen": f"{ROOT_ONLY}, and the network: tests/systemd_files runs it with stand-ins",
    "emotion-convert evaluate emotion-cnn-int8 --slices": "takes minutes: test_slices.py runs it on few pictures",
    "python -m tests.benchmarks.still_scenes": "takes minutes: it makes a figure of tests/README.md",
    "python -m tests.endurance.footprint": "takes minutes: it makes a figure of tests/README.md",
    "emotion-convert benchmark pipeline CLIP --instructions --allocations": "takes minutes: it makes a table",
    "python -m tests.listening.measure --minutes 3": MEASUREMENT,
    "python -m tests.listening.trade": MEASUREMENT,
    "emotion-assistant guide": "speaks for two minutes or more: tests/app/test_spoken_guide.py runs it at a terminal",
    "emotion-assistant guide --keys": "waits for presses: tests/app/test_spoken_guide.py runs it at a terminal",
    "sudo emotion-assistant guide": "needs root, and speaks for two minutes or more",
    "sudo emotion-assistant ask": "needs root; without `sudo` it is run as the help has it",
    "sudo install -D -m 644 -t /usr/local/share/emotion-assistant runs/small/emotion-mine-int8.tflite"
    " runs/small/emotion-mine-int8.json": ROOT_ONLY,
    "ray get-auth-token --generate": CLUSTER,
    "ray start --head --include-dashboard=false --disable-usage-stats": CLUSTER,
    "ray start --address=HEAD:6379 --disable-usage-stats": CLUSTER,
    "emotion-convert search --recipe emotion-small --trials 30 --epochs 10 --ray HEAD:6379": CLUSTER,
    "pip install 'emotion-assistant[convert,search,cluster]'": NETWORK,
    "python systemd/packaging/wheels.py arm64 DIR/wheels": f"{NETWORK}, for 100 MB: `make boot-test` runs it",
}
"""Examples that are not run, and why. Comments, blanks before them and `.venv/bin/` are left out."""

SHORTER = {
    "emotion-convert train": "--epochs 1",
    "emotion-convert train --recipe emotion-small": "--epochs 1 --from begun",
    "emotion-convert train --recipe emotion-small --seeds": "--epochs 1 --from begun",
    "emotion-convert search": "--trials 1 --epochs 1",
    "emotion-convert soft-labels": "--views 1",
    "emotion-convert compare emotion-small emotion-cnn-int8 --core-hours": "--core-hours 0.005",
    "emotion-convert compare ancestor-cnn4 emotion-small --core-hours": "--core-hours 0.005",
    "emotion-convert benchmark": "--rounds 1",
    "emotion-convert benchmark pipeline": "",
    "emotion-convert benchmark start": "--rounds 1 --seconds 0",
    "emotion-convert scenarios": "--only empty",
    "make": "--dry-run",
}
"""Arguments that are added to the commands that begin so: they would take minutes to hours. The targets of make run by
themselves in CI, or as CONTRIBUTING.md says: here they must exist in the source distribution. `begun` is a run with the
weights of the shipped model: one epoch from random ones gives the same answer to every picture, which is refused."""
IN_SOURCE = ("make", "install.sh")
"""Programs of the source distribution: they run in it."""
NEEDS_REAL_DATA = (
    "emotion-convert scenarios",
    "emotion-convert train-occlusion",
    "emotion-convert train --recipe face-detector-open",
    "emotion-convert evaluate-alignment",
)
"""Commands that need muxspace or the detector's pictures: skipped without EMOTION_DATA."""
NEEDS_WEIGHTS = ("emotion-assistant what",)
"""Commands that need the detector of things: skipped without EMOTION_WEIGHTS."""
ASKED = ("emotion-assistant ask", "emotion-assistant what", "emotion-assistant describe", "emotion-assistant read")
"""Questions to the running assistant, which is started for them."""
PRINTED = {
    "emotion-assistant demo": "One person looks happy.",
    "emotion-assistant replay clip.mp4": "One person looks happy.",
    "emotion-assistant replay clip.mp4 --model": "",
    "emotion-assistant ask": "Looks ",
    "emotion-assistant what": "Person",
    "emotion-assistant config": "[camera]",
    "emotion-assistant notice": "I am blind.",
    "emotion-assistant notice --html": "",
    "emotion-convert verify": "macro-F1 falls by",
    "emotion-convert search": "best: trial ",
    "emotion-convert train --recipe emotion-small --seeds": "mean ± standard deviation of 2 seeds",
    "emotion-convert recipe": "emotion-small",
    "emotion-convert recipe emotion-small": "[network]",
    "emotion-convert benchmark": "emotion-cnn-int8",
    "emotion-convert benchmark face-detector-int8": "operators, estimated",
    "emotion-convert benchmark pipeline": "p95 ms",
    "emotion-convert benchmark start": "ready after",
    "emotion-convert benchmark emotion-small-int8": "operators, estimated",
    "emotion-convert evaluate": "accuracy",
    "emotion-convert import": "emotion-assistant replay CLIP --model",
    "emotion-convert data": "identical copies within a split",
    "emotion-convert compare": "McNemar",
    "emotion-convert compare emotion-small": "core hours",
    "emotion-convert compare emotion-small-int8": "core hours",
    "emotion-convert compare emotion-small-int8 --json": '"answers"',
    "emotion-convert compare monday.json": "core hours",
    "emotion-convert compare runs/emotion-small": "core hours",
    "emotion-convert compare ancestor-cnn4": "core hours",
    "emotion-convert runs": "finished",
}
"""What an example that begins so must print, or write into the file after `>`; "" for anything: a
model calibrated on so few pictures is sure of nothing."""
