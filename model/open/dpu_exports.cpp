#include "open/dpu_exports.h"

#include "base/file_name.h"
#include "base/text.h"
#include "dialects/interpret.h"
#include "dialects/vitis/quant_info_network.h"
#include "formats/open_model.h"
#include "network/dpu_shifts.h"
#include "open/align_slot.h"
#include "open/compare_dpu_slot.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>

#include <fmt/format.h>

namespace quantscope {

namespace {

namespace fs = std::filesystem;

std::string modelName(const QuantInfo &info)
{
    for (const auto *entries : {&info.parameters, &info.outputs, &info.inputs})
        for (const QuantInfoEntry &entry : *entries)
            if (const auto colons = entry.name.find("::"); colons != std::string::npos && colons > 0)
                return entry.name.substr(0, colons);
    return {};
}

/// Each once, those with codes first.
std::vector<std::string> exportPaths(const ModelFile &file)
{
    const std::string model = modelName(*file.quantInfo);
    std::vector<std::string> out;
    if (model.empty() || model.find('/') != std::string::npos)
        return out;
    std::set<fs::path> folders;
    for (const std::string &path : {file.quantInfo->path, file.path}) {
        const fs::path folder = fs::path(path).has_parent_path() ? fs::path(path).parent_path() : fs::path(".");
        folders.insert(folder.lexically_normal());
        folders.insert((folder / "quantize_result").lexically_normal());
    }
    for (const char *end : {"_int.xmodel", "_int.onnx", ".xmodel"})
        for (const fs::path &folder : folders) {
            std::error_code failed;
            if (const fs::path path = folder / (model + end); fs::is_regular_file(path, failed))
                out.push_back(path.string());
        }
    return out;
}

bool holdsWeights(const Layer &layer)
{
    const SlotQuantizer *weight = layer.slot(Slot::Weight);
    return weight != nullptr && weight->tensor && weight->quantizer;
}

/// Pairs of positions in the two lists of layers: by name, then those of one shape in the order of the network.
std::vector<std::pair<std::size_t, std::size_t>> pairLayers(const Network &mine, const Network &theirs)
{
    std::vector<std::pair<std::size_t, std::size_t>> out;
    std::map<std::string, std::size_t> named;
    std::vector<bool> taken(theirs.layers.size(), false);
    for (std::size_t e = 0; e < theirs.layers.size(); ++e)
        if (holdsWeights(theirs.layers[e]))
            named.emplace(theirs.layers[e].name, e);
    const auto fits = [&](const Layer &layer, std::size_t e) {
        return alignedTo(*theirs.layers[e].slot(Slot::Weight), layer.slot(Slot::Weight)->shape, false).has_value();
    };
    // The names of .xmodel have "_" where PyTorch has ".".
    const auto flat = [](std::string name) {
        std::ranges::replace(name, '.', '_');
        return name;
    };
    std::vector<std::size_t> open;
    for (std::size_t c = 0; c < mine.layers.size(); ++c) {
        if (!holdsWeights(mine.layers[c]))
            continue;
        const auto found = named.find(flat(mine.layers[c].name));
        if (found != named.end() && !taken[found->second] && fits(mine.layers[c], found->second)) {
            taken[found->second] = true;
            out.emplace_back(c, found->second);
        } else {
            open.push_back(c);
        }
    }
    for (const std::size_t c : open)
        for (std::size_t e = 0; e < theirs.layers.size(); ++e)
            if (!taken[e] && holdsWeights(theirs.layers[e]) && fits(mine.layers[c], e)) {
                taken[e] = true;
                out.emplace_back(c, e);
                break;
            }
    return out;
}

/// One network with one of its exports. One use: run().
class DpuComparison {
public:
    DpuComparison(Network &network, const Network &exported, const Progress &progress)
        : m_network(network)
        , m_exported(exported)
        , m_file(fileName(exported.file->path))
        , m_progress(progress)
    {
    }

    void run()
    {
        const auto pairs = pairLayers(m_network, m_exported);
        if (pairs.empty()) {
            report("export-unused", Severity::Note, {},
                fmt::format("{} beside the file is not used: none of its layers has the shape of one here", m_file));
            return;
        }
        const std::vector<DpuShifts> shifts = dpuPositions(Arrivals(m_exported));
        for (std::size_t i = 0; i < pairs.size(); ++i) {
            const auto &[mine, theirs] = pairs[i];
            m_progress.step(i, pairs.size());
            compareLayer(m_network.layers[mine], m_exported.layers[theirs]);
            for (const DpuShifts &one : shifts)
                if (one.layer == m_exported.layers[theirs].id)
                    takePositions(m_network.layers[mine], one);
        }
        if (m_equal > 0)
            report("export-agrees", Severity::Note, {},
                fmt::format(
                    "{} has the codes of {} weights and biases: {} codes equal", m_file, m_equal, grouped(m_codes)));
        else if (m_positions > 0)
            report("export-agrees", Severity::Note, {},
                fmt::format("{} has the positions of {} weights and biases; it holds no codes", m_file, m_positions));
    }

private:
    void report(const char *rule, Severity severity, Subject subject, std::string text)
    {
        m_network.diagnostics.push_back({rule, severity, std::move(subject), std::move(text)});
    }

    static void takePositions(Layer &layer, const DpuShifts &shifts)
    {
        if (!layer.dpu.inputPosition)
            layer.dpu.inputPosition = shifts.input;
        if (!layer.dpu.outputPosition)
            layer.dpu.outputPosition = shifts.output;
    }

    void compareLayer(Layer &mine, const Layer &theirs)
    {
        std::vector<FactorRange> known;
        for (const Slot name : {Slot::Weight, Slot::Bias}) {
            SlotQuantizer *here = mine.slot(name);
            const SlotQuantizer *there = theirs.slot(name);
            if (here == nullptr || there == nullptr || !here->tensor || !here->quantizer || !there->quantizer)
                continue;
            const auto aligned = alignedTo(*there, here->shape, false);
            if (!aligned)
                continue;
            DpuVerdict verdict = compareDpuSlot({*here, *aligned, m_file, storedTensor(*here), known});
            if (verdict.equalized && verdict.equalized->axis == 0)
                known = std::move(verdict.ranges);
            take(mine, *here, verdict);
        }
    }

    /// What a corrected bias was before.
    const TensorInfo *storedTensor(const SlotQuantizer &slot) const
    {
        const auto found = slot.computed.empty() ? std::nullopt : m_network.file->find(slot.tensorName);
        return found ? &m_network.file->tensors[*found] : nullptr;
    }

    void take(const Layer &layer, SlotQuantizer &slot, const DpuVerdict &verdict)
    {
        m_positions += verdict.positionsAgree ? 1u : 0u;
        if (!verdict.difference.empty() && slot.proof != ProofVerdict::Differs) {
            slot.proof = ProofVerdict::Differs;
            slot.proofBy = m_file;
            slot.proofDifference = verdict.difference;
            slot.equalized = verdict.equalized;
            report("export-differs", Severity::Error, {layer.id, slot.slot},
                fmt::format("{} {}: {}", layer.name, slot.slot, verdict.difference));
        } else if (verdict.codesAgree) {
            ++m_equal;
            m_codes += slot.tensor->count();
            slot.assumed = false;
            slot.quantizer->origin.erase("codes");
            if (slot.proof == ProofVerdict::None) {
                slot.proof = ProofVerdict::Confirmed;
                slot.proofBy = m_file;
            }
        }
    }

    Network &m_network;
    const Network &m_exported;
    std::string m_file;
    const Progress &m_progress;
    std::size_t m_equal = 0, m_positions = 0;
    std::uint64_t m_codes = 0;
};

} // namespace

Result<DpuExports> dpuExportsBeside(const ModelFile &file, const Progress &progress)
{
    DpuExports out;
    for (const std::string &path : exportPaths(file)) {
        auto network = openModel(path, {}, progress).and_then([&](const std::shared_ptr<const ModelFile> &opened) {
            return recoverQuantizers(opened, {}, progress);
        });
        if (network)
            out.networks.push_back(std::make_shared<const Network>(std::move(*network)));
        else if (network.error().kind == ErrorKind::Cancelled)
            return tl::unexpected(network.error());
        else
            out.notes.push_back({"export-unused", Severity::Note, "",
                fmt::format("{} beside the file is not used: {}", fileName(path), network.error().message)});
    }
    return out;
}

void compareWithDpuExports(Network &network, const DpuExports &exports, const Progress &progress)
{
    network.diagnostics.insert(network.diagnostics.end(), exports.notes.begin(), exports.notes.end());
    if (network.file->tensors.empty())
        return; // the JSON alone
    for (const auto &exported : exports.networks)
        DpuComparison(network, *exported, progress).run();
    const bool open = std::ranges::any_of(network.layers, [](const Layer &layer) {
        return std::ranges::any_of(
            layer.slots, [](const SlotQuantizer &slot) { return slot.assumed && slot.proof == ProofVerdict::None; });
    });
    if (!open)
        std::erase_if(network.diagnostics, [](const Diagnostic &d) { return d.rule == kEqualizationNotKnown; });
}

} // namespace quantscope
