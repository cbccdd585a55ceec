#include "dialects/onnx/names.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <vector>

namespace quantscope::interpret {

namespace {

std::vector<std::string_view> parts(std::string_view path)
{
    std::vector<std::string_view> out;
    while (!path.empty()) {
        const std::size_t slash = std::min(path.find('/'), path.size());
        if (slash != 0)
            out.push_back(path.substr(0, slash));
        path.remove_prefix(std::min(slash + 1, path.size()));
    }
    return out;
}

std::string joined(const std::vector<std::string_view> &names)
{
    std::vector<std::string_view> kept;
    for (const std::string_view name : names) {
        const bool repeatsContainer = !kept.empty() && name.size() > kept.back().size()
            && name[kept.back().size()] == '.' && name.substr(0, kept.back().size()) == kept.back();
        if (repeatsContainer)
            kept.back() = name;
        else
            kept.push_back(name);
    }
    std::string out;
    for (const std::string_view name : kept)
        out.append(out.empty() ? "" : ".").append(name);
    return out;
}

/// "Conv", "Conv_12": what exporters call a node that nobody named.
bool onlyOperator(std::string_view name, std::string_view opType)
{
    if (name.substr(0, opType.size()) != opType)
        return false;
    std::string_view rest = name.substr(opType.size());
    if (!rest.empty() && rest[0] == '_')
        rest.remove_prefix(1);
    return std::all_of(rest.begin(), rest.end(), [](unsigned char c) { return std::isdigit(c) != 0; });
}

/// The operator that a quantized one stands for: ONNX Runtime's tools keep its name in the node's.
std::string_view plainOperator(std::string_view opType)
{
    static constexpr std::array<std::pair<std::string_view, std::string_view>, 9> kPlain = {{
        {"ConvInteger", "Conv"},
        {"MatMulInteger", "MatMul"},
        {"MatMulIntegerToFloat", "MatMul"},
        {"DynamicQuantizeMatMul", "MatMul"},
        {"MatMulNBits", "MatMul"},
        {"MatMulBnb4", "MatMul"},
        {"QGemm", "Gemm"},
        {"QAttention", "Attention"},
        {"GatherBlockQuantized", "Gather"},
    }};
    if (opType.starts_with("QLinear"))
        return opType.substr(7);
    const auto found = std::ranges::find(kPlain, opType, &std::pair<std::string_view, std::string_view>::first);
    return found == kPlain.end() ? opType : found->second;
}

/// "MatMul_quant", "Conv_3_quant", "MatMul_Q4": the node of an operator after ONNX Runtime's tools quantized it.
bool onlyQuantizedOperator(std::string_view name, std::string_view opType)
{
    const std::string_view plain = plainOperator(opType);
    if (plain == opType)
        return false;
    if (const std::size_t mark = name.rfind('_'); mark != std::string_view::npos) {
        const std::string_view suffix = name.substr(mark + 1);
        if (suffix == "quant" || suffix == "Q2" || suffix == "Q4" || suffix == "Q8")
            name = name.substr(0, mark);
    }
    return onlyOperator(name, plain);
}

bool endsWith(std::string_view text, std::string_view ending)
{
    return text.size() >= ending.size() && text.substr(text.size() - ending.size()) == ending;
}

} // namespace

std::string dottedPath(std::string_view slashed) { return joined(parts(slashed)); }

std::optional<ModuleSlot> moduleSlot(std::string_view nodeName)
{
    static constexpr std::array<std::pair<std::string_view, Slot>, 6> kMarks = {{
        {"weight_quant", Slot::Weight},
        {"bias_quant", Slot::Bias},
        {"input_quant", Slot::Input},
        {"output_quant", Slot::Output},
        {"act_quant", Slot::Act},
        {"trunc_quant", Slot::Trunc},
    }};
    std::vector<std::string_view> names = parts(nodeName);
    for (std::size_t i = names.size(); i-- > 1;) {
        const auto mark
            = std::find_if(kMarks.begin(), kMarks.end(), [&](const auto &m) { return m.first == names[i]; });
        if (mark == kMarks.end())
            continue;
        names.resize(i);
        return ModuleSlot{joined(names), mark->second};
    }
    return std::nullopt;
}

std::string nodeLayerName(const Node &node)
{
    std::vector<std::string_view> names = parts(node.name);
    if (!names.empty() && onlyOperator(names.back(), node.opType))
        names.pop_back();
    else if (names.size() > 1 && onlyQuantizedOperator(names.back(), node.opType))
        names.pop_back();
    if (names.size() > 1 && names.back() == "export_handler") // what Brevitas puts in a module's place
        names.pop_back();
    const std::string name = joined(names);
    return name.empty() || node.scope.empty() ? name : node.scope + ":" + name;
}

std::string parameterOwner(std::string_view tensorName)
{
    static constexpr std::array<std::string_view, 3> kSuffixes = {":0", "/ReadVariableOp", "_quantized"};
    for (const std::string_view suffix : kSuffixes)
        if (endsWith(tensorName, suffix))
            tensorName.remove_suffix(suffix.size());
    static constexpr std::array<std::string_view, 6> kParameters
        = {".weight", ".bias", "/kernel", "/weight", "/bias", ".kernel"};
    for (const std::string_view parameter : kParameters)
        if (endsWith(tensorName, parameter) && tensorName.size() > parameter.size())
            return dottedPath(tensorName.substr(0, tensorName.size() - parameter.size()));
    return {};
}

} // namespace quantscope::interpret
