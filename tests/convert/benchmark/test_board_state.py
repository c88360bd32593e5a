"""What is read of a board: on a Raspberry Pi, on one with a power meter, on a machine that tells nothing."""

from pathlib import Path

from convert.benchmark.board_state import StateReader
from convert.machine import board

PMIC = """\
   3V7_WL_SW_A current(0)=0.10000000A
     1V8_SYS_A current(2)=0.50000000A
   3V7_WL_SW_V volt(8)=3.70000000V
     1V8_SYS_V volt(10)=1.80000000V
     EXT5V_V volt(24)=5.10000000V
"""


def write(root: Path, files: dict[str, str]) -> StateReader:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return StateReader(root)


def firmware(root: Path, answers: dict[str, str]) -> None:
    """A stand-in for `vcgencmd`, which answers a question and fails for all others."""
    program = root / "usr/bin/vcgencmd"
    program.parent.mkdir(parents=True)
    cases = "".join(f"'{question}') cat <<'END'\n{answer}\nEND\n;;\n" for question, answer in answers.items())
    program.write_text(f'#!/bin/sh\ncase "$*" in\n{cases}*) exit 255;;\nesac\n')
    program.chmod(0o755)


def test_a_raspberry_pi_tells_heat_clock_and_throttling(tmp_path: Path) -> None:
    firmware(tmp_path, {"get_throttled": "throttled=0x50005", "pmic_read_adc": PMIC})
    reader = write(
        tmp_path,
        {
            "proc/device-tree/model": "Raspberry Pi 5 Model B Rev 1.0\0",
            "sys/class/thermal/thermal_zone0/temp": "61350\n",
            "sys/devices/system/cpu/cpu0/cpufreq/scaling_cur_freq": "1500000\n",
            "sys/devices/system/cpu/cpu3/cpufreq/scaling_cur_freq": "2400000\n",
            "sys/devices/system/cpu/cpu0/cpufreq/scaling_max_freq": "2400000\n",
            "sys/devices/system/cpu/cpu0/cpufreq/scaling_governor": "ondemand\n",
        },
    )
    state = reader.read()
    assert board(tmp_path) == "Raspberry Pi 5 Model B Rev 1.0"
    assert (state.temperature_c, state.clock_mhz, state.max_clock_mhz, state.governor) == (
        61.35,
        2400,
        2400,
        "ondemand",
    )
    assert state.throttled == ("under-voltage", "throttled")
    assert state.throttled_before == ("under-voltage", "throttled")
    assert state.watts == 1.27  # 0.1 A x 3.7 V + 0.5 A x 1.8 V; the 5 V input has no current
    assert "without USB" in state.watts_from


def test_the_firmware_is_asked_where_the_kernel_tells_nothing(tmp_path: Path) -> None:
    answers = {
        "measure_temp": "temp=48.3'C",
        "measure_clock arm": "frequency(48)=1000000000",
        "get_throttled": "throttled=0x0",
    }
    firmware(tmp_path, answers)
    state = StateReader(tmp_path).read()
    assert (state.temperature_c, state.clock_mhz, state.throttled, state.throttled_before) == (48.3, 1000, (), ())


def test_a_power_meter_comes_before_the_rails(tmp_path: Path) -> None:
    firmware(tmp_path, {"pmic_read_adc": PMIC})
    meter = "sys/class/hwmon/hwmon1"
    reader = write(
        tmp_path, {f"{meter}/name": "ina219\n", f"{meter}/in1_input": "5080\n", f"{meter}/curr1_input": "610\n"}
    )
    assert reader.watts() == (5080 * 610 / 1e6, "hwmon ina219")
    write(tmp_path, {f"{meter}/power1_input": "3100000\n"})
    assert reader.watts() == (3.1, "hwmon ina219")


def test_under_voltage_is_told_without_the_firmware_too(tmp_path: Path) -> None:
    alarm = "sys/class/hwmon/hwmon0/in0_lcrit_alarm"
    assert write(tmp_path, {alarm: "1\n"}).read().throttled == ("under-voltage",)
    assert write(tmp_path, {alarm: "0\n"}).read().throttled == ()


def test_what_cannot_be_read_is_not_made_up(tmp_path: Path) -> None:
    state = write(tmp_path, {"sys/class/thermal/thermal_zone0/temp": "broken"}).read()
    assert (state.temperature_c, state.clock_mhz, state.throttled, state.watts) == (None, None, None, None)
    assert state.watts_from == "not measured: no sensor"
