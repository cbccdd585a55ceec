#include "formats/onnx/function_calls.h"

#include <algorithm>
#include <array>

namespace quantscope::onnx {

bool saysMoreThanItsBody(std::string_view domain)
{
    static constexpr std::array<std::string_view, 8> kDomains = {
        "com.microsoft", "onnx.brevitas", "qonnx.", "finn.", "com.vai.", "com.amd.", "com.xilinx", "ai.onnx.contrib"};
    return domain.empty() || std::ranges::any_of(kDomains, [&](std::string_view d) { return domain.starts_with(d); });
}

bool passesInputs(const RawNode &node)
{
    return node.domain.empty() && (node.opType == "Loop" || node.opType == "Scan" || node.opType == "SequenceMap");
}

std::uint64_t costOf(const RawGraph &body)
{
    std::uint64_t bytes = 0;
    const auto addNames = [&](const std::vector<std::string> &names) {
        for (const std::string &name : names)
            bytes += name.size() + 16;
    };
    addNames(body.inputs);
    addNames(body.outputs);
    for (const RawNode &node : body.nodes) {
        bytes += kBytesOfNode + node.name.size() + node.opType.size() + node.domain.size();
        addNames(node.inputs);
        addNames(node.outputs);
        for (const Attribute &a : node.attributes) {
            bytes += a.name.size() + a.s.size() + 8 * a.ints.size() + 4 * a.floats.size();
            addNames(a.strings);
        }
    }
    return bytes / kBytesOfNode + 1;
}

} // namespace quantscope::onnx
