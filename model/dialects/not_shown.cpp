#include "dialects/not_shown.h"

#include "base/text.h"
#include "dialects/onnx/tensor_uses.h"

#include <algorithm>
#include <array>

#include <map>
#include <set>
#include <tuple>
#include <vector>

#include <fmt/format.h>

namespace quantscope {

namespace {

constexpr std::size_t kNamed = 4;
constexpr std::string_view kWayOn = "--tensors lists all";

/// "5 tensors", "1 tensor".
std::string counted(std::size_t count, std::string_view noun)
{
    return fmt::format("{} {}{}", grouped(count), noun, count == 1 ? "" : "s");
}

/// A file that is one tensor gives it no name.
std::string nameText(const std::string &name) { return name.empty() ? "without a name" : printable(name); }

/// "a, b, c, d, ...".
std::string firstNames(const std::vector<std::string> &names)
{
    std::string out;
    for (std::size_t i = 0; i < std::min(names.size(), kNamed); ++i)
        out += (i == 0 ? "" : ", ") + nameText(names[i]);
    return names.size() > kNamed ? out + ", ..." : out;
}

/// A tensor of the same elements under another name is shown with the first.
void showAliases(const std::vector<TensorInfo> &tensors, std::vector<bool> &shown)
{
    std::set<std::tuple<std::uint64_t, std::uint64_t, Shape>> views;
    const auto viewOf = [](const TensorInfo &t) { return std::tuple(t.storage.id, t.firstElement, t.shape); };
    for (std::size_t i = 0; i < tensors.size(); ++i)
        if (shown[i] && tensors[i].storage.id != 0)
            views.insert(viewOf(tensors[i]));
    for (std::size_t i = 0; i < tensors.size(); ++i)
        shown[i] = shown[i] || (tensors[i].storage.id != 0 && views.contains(viewOf(tensors[i])));
}

/// By position in ModelFile::tensors.
std::vector<bool> shownTensors(const Network &network)
{
    const std::vector<TensorInfo> &tensors = network.file->tensors;
    std::vector<bool> shown(tensors.size(), false);
    for (const Layer &layer : network.layers)
        for (const SlotQuantizer &slot : layer.slots) {
            if (const auto own = network.file->find(slot.tensorName); own && !slot.tensorName.empty())
                shown[*own] = true;
            if (slot.storedScale && *slot.storedScale < shown.size())
                shown[*slot.storedScale] = true;
            for (const std::size_t source : slot.sources)
                shown[source] = true;
        }
    showAliases(tensors, shown);
    return shown;
}

/// What a tensor is to the model that is shown.
struct Part {
    std::string name; ///< empty: of the model itself
    bool said = false; ///< another set of weights, which its dialect names and offers
};

Part partOf(const ModelFile &file, const std::string &name)
{
    if (name.starts_with(file.shownPrefix()) && file.shownPart)
        return {};
    for (const ModelPart &part : file.parts)
        if (file.shownPart && name.starts_with(part.prefix))
            return {part.name, part.weights};
    const std::string first = name.substr(0, name.find('.'));
    const bool training = first != name
        && std::ranges::any_of(std::array{"optim", "sched", "scaler"},
            [&](std::string_view word) { return first.find(word) != std::string::npos; });
    return {training || file.shownPart ? first : std::string(), false};
}

/// "optimizer (2), ema (1)".
std::string partsText(const std::map<std::string, std::size_t> &parts)
{
    std::vector<std::string> words;
    for (const auto &[part, count] : parts)
        words.push_back(fmt::format("{} ({})", printable(part), grouped(count)));
    return firstNames(words);
}

std::string holdsInstead(const ModelFile &file)
{
    if (file.graph && !file.graph->nodes.empty()) {
        std::vector<std::string> operators;
        for (const Node &node : file.graph->nodes)
            if (std::ranges::find(operators, node.opType) == operators.end() && operators.size() <= kNamed)
                operators.push_back(node.opType);
        return fmt::format("the graph holds {} ({}) and {}, and no operator with a weight",
            counted(file.graph->nodes.size(), "operator"), firstNames(operators),
            counted(file.tensors.size(), "tensor"));
    }
    if (!file.tensors.empty())
        return fmt::format("the file holds {} ({}{}) and none is a weight", counted(file.tensors.size(), "tensor"),
            nameText(file.tensors.front().name), file.tensors.size() == 1 ? "" : " ...");
    if (!file.opaque.empty())
        return fmt::format(
            "the file holds no tensor, but objects of classes that are not known ({})", firstNames(file.opaque));
    return "the file holds no tensor";
}

/// Tensors of a graph that are there for something else than a layer's weights, by what for.
void noteBeside(const std::map<std::string, std::vector<std::string>> &byUse, Network &network)
{
    std::size_t count = 0;
    std::vector<std::string> words;
    for (const auto &[use, names] : byUse) {
        count += names.size();
        words.push_back(fmt::format("{} ({})", use, firstNames(names)));
    }
    if (count > 0)
        network.diagnostics.push_back({"not-shown", Severity::Note, "",
            fmt::format("{} of two or more axes {} no layer's weights: {}; {}", counted(count, "tensor"),
                count == 1 ? "is" : "are", fmt::join(words, ", "), kWayOn)});
}

} // namespace

void noteNotShown(Network &network)
{
    const ModelFile &file = *network.file;
    const bool said
        = std::ranges::any_of(network.diagnostics, [](const Diagnostic &known) { return known.rule == "no-tensors"; });
    if (network.layers.empty() && !(said && file.opaque.empty()))
        network.diagnostics.push_back({"not-shown", Severity::Warning, "",
            fmt::format("no layer is listed: {}{}{}", holdsInstead(file), file.tensors.empty() ? "" : "; ",
                file.tensors.empty() ? "" : kWayOn)});
    const std::vector<bool> shown = shownTensors(network);
    const std::vector<std::string> uses = interpret::tensorUses(file);
    std::vector<std::string> unknown;
    std::map<std::string, std::size_t> parts;
    std::map<std::string, std::vector<std::string>> beside;
    for (std::size_t i = 0; i < file.tensors.size(); ++i) {
        const TensorInfo &tensor = file.tensors[i];
        if (shown[i] || tensor.shape.size() < 2)
            continue;
        const Part part = partOf(file, tensor.name);
        if (!uses[i].empty())
            beside[uses[i]].push_back(tensor.name);
        else if (part.name.empty())
            unknown.push_back(tensor.name);
        else if (!part.said)
            ++parts[part.name];
    }
    if (!unknown.empty() && (!network.layers.empty() || file.graph)) // else they are named above
        network.diagnostics.push_back({"not-shown", Severity::Warning, "",
            fmt::format("{} {} to no layer that is known: {}; {}", counted(unknown.size(), "tensor"),
                unknown.size() == 1 ? "belongs" : "belong", firstNames(unknown), kWayOn)});
    noteBeside(beside, network);
    if (!parts.empty())
        network.diagnostics.push_back({"not-shown", Severity::Note, "",
            fmt::format("other parts of the file are not shown, by their tensors of two or more axes: {}; {}",
                partsText(parts), kWayOn)});
}

} // namespace quantscope
