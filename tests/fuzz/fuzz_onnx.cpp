// libFuzzer: the ONNX scanner, the folding of every value of its graph, and what its dialects make of them. Build with
// the preset `fuzz`, then
//   build/fuzz/bin/fuzz_onnx -max_len=65536 CORPUS tests/data/onnx tests/data/field

#include "dialects/folding/fold.h"
#include "dialects/onnx/recover.h"
#include "formats/onnx/onnx_reader.h"
#include "network/joins.h"
#include "touch_model.h"

namespace {

using namespace quantscope;

void foldEverything(const ModelFile &file)
{
    constexpr ValueId kMost = 512;
    Folder folder(file, fuzz::smallLimits());
    for (ValueId id = 0; file.graph && id < file.graph->values.size() && id < kMost; ++id) {
        (void)folder.isConstant(id);
        try {
            (void)folder.fold(id).count();
        } catch (const ParseError &) {
            // not constant, malformed, too big
        }
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size)
{
    const auto *begin = reinterpret_cast<const std::byte *>(data);
    const auto source = std::make_shared<MemorySource>(std::vector<std::byte>(begin, begin + size));
    std::shared_ptr<const ModelFile> file;
    try { // the reader itself: most mutations would be told to be another format
        ModelFile read = readOnnx({source, "input.onnx", fuzz::smallLimits(), {}});
        file = std::make_shared<const ModelFile>(std::move(read));
    } catch (const ParseError &) {
        return 0;
    }
    fuzz::touchTensors(*file);
    foldEverything(*file);
    Network network = listOnnx(file);
    recoverOnnx(network, {});
    (void)network.flow.layerOrder();
    (void)disagreeingJoins(network);
    return 0;
}
