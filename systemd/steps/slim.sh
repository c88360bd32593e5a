# shellcheck shell=bash
# Takes out of a new environment what no part of the assistant loads: a third of its size.
#
# What an installation adds on amd64, 288 MB (`make boot-test` measures it): OpenCV 153 (its library 70, OpenBLAS 38,
# video decoders and TLS 45), NumPy 22 and its OpenBLAS 25, LiteRT 15, our own with the models 18, recordings of faults
# 15, packages of the system 52 (espeak-ng's data 24: dpkg's, and each language has its file there). The rest is small.
# What cannot go: libraries that cv2 is linked to, used or not; and one OpenBLAS for both, of which OpenCV wants 32-bit
# numbers and NumPy 64-bit ones. An OpenCV built without BLAS and video would be 83 MB smaller: nobody offers its wheel.

# Of each package, relative to site-packages. LiteRT's compiler, accelerators of other hardware and tools; NumPy's tests
# and what builds extensions. Of OpenCV only cascades go: the rest is one library, with FaceRecognizerSF and dnn, whose
# OpenBLAS (38 MB, beside NumPy's of 25) and video decoders (40 MB) it is linked to.
UNUSED=(
    ai_edge_litert/aot
    ai_edge_litert/libLiteRt.so
    ai_edge_litert/libLiteRtWebGpuAccelerator.so
    ai_edge_litert/tools
    ai_edge_litert/vendors
    numpy/_core/include
    numpy/_pyinstaller
    numpy/distutils
    numpy/f2py
)

# slim_environment PLACE
slim_environment() {
    local packages part
    for packages in "$1"/lib/python3*/site-packages; do
        for part in "${UNUSED[@]}"; do
            rm -rf "${packages:?}/$part"
        done
        find "$packages" -path '*/numpy/*' -type d -name tests -prune -exec rm -rf {} +
        # The one that stays is the detector `haar`.
        find "$packages" -path '*/cv2/data/*.xml' ! -name haarcascade_frontalface_alt2.xml -delete
        # Modules for NumPy's own tests, and of LiteRT what needs protobuf, which is not there. The schema is read by
        # `benchmark --operators` alone, which can do without its bytecode (1 MB).
        find "$packages/numpy" "$packages/ai_edge_litert" \( -path '*/_core/*_tests.*.so' -o -path '*/_core/_simd.*.so' \
            -o -name '*_pb2.*' -o -name 'schema_py_generated.*.pyc' \) -delete 2>/dev/null || true
        # Descriptions for type checkers and libraries to link against: nothing reads them at run time.
        find "$packages" \( -name '*.pyi' -o -name '*.a' \) -delete
    done
    "${PYTHON:-/usr/bin/python3}" -I "$HERE/steps/drop_symbols.py" "$1" >/dev/null || true # what is left out runs as well
}
