# shellcheck shell=bash
# Takes out of a new environment what no part of the assistant loads: a quarter of its size.

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
        # Descriptions for type checkers and libraries to link against: nothing reads them at run time.
        find "$packages" \( -name '*.pyi' -o -name '*.a' \) -delete
    done
}
