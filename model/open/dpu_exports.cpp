#include "open/dpu_exports.h"

#include "base/file_name.h"
#include "base/text.h"
#include "dialects/interpret.h"
#include "dialects/vitis/quant_info_join.h"
#include "dialects/vitis/say_equalization.h"
#include "dialects/vitis/say_positions.h"
#include "formats/open_model.h"
#include "network/align_slot.h"
#include "network/dpu_shifts.h"
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
    const bool isName = std::ranges::none_of(model, [](unsigned char c) { return c < 0x20 || c == '/'; });
    if (model.empty() || !isName)
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

/// The place of each layer's weight in quant_info.json, which has them in the order of the network.
std::map<std::string, std::size_t> placesOf(const QuantInfo &info)
{
    std::map<std::string, std::size_t> out;
    for (const QuantInfoEntry &entry : info.parameters) {
        const std::string name = vitis::withoutModel(entry.name);
        if (const std::size_t dot = name.rfind('.'); dot != name.npos)
            out.emplace(name.substr(0, dot), out.size());
    }
    return out;
}

/// Pairs the layers of two networks: by name, then those of one shape in the order of the network. One use: run().
class LayerPairing {
public:
    LayerPairing(const Network &mine, const Network &theirs)
        : m_mine(mine)
        , m_theirs(theirs)
        , m_taken(theirs.layers.size(), false)
    {
        for (std::size_t e = 0; e < theirs.layers.size(); ++e)
            if (holdsWeights(theirs.layers[e])) {
                m_named.emplace(theirs.layers[e].name, e);
                m_sized[theirs.layers[e].slot(Slot::Weight)->tensor->count()].push_back(e);
            }
    }

    /// Positions in the two lists of layers.
    std::vector<std::pair<std::size_t, std::size_t>> run()
    {
        std::vector<std::size_t> open;
        for (std::size_t c = 0; c < m_mine.layers.size(); ++c)
            if (holdsWeights(m_mine.layers[c]) && !takeNamed(c))
                open.push_back(c);
        const auto places = placesOf(*m_mine.file->quantInfo);
        std::ranges::stable_sort(open, {}, [&](std::size_t c) {
            const auto found = places.find(m_mine.layers[c].name);
            return found == places.end() ? places.size() : found->second;
        });
        for (const std::size_t c : open)
            takeShaped(c);
        return std::move(m_pairs);
    }

private:
    bool take(std::size_t c, std::size_t e)
    {
        const Shape &shape = m_mine.layers[c].slot(Slot::Weight)->shape;
        if (m_taken[e] || !alignedTo(*m_theirs.layers[e].slot(Slot::Weight), shape, false))
            return false;
        m_taken[e] = true;
        m_pairs.emplace_back(c, e);
        return true;
    }

    /// The names of .xmodel have "_" where PyTorch has ".".
    bool takeNamed(std::size_t c)
    {
        std::string name = m_mine.layers[c].name;
        std::ranges::replace(name, '.', '_');
        const auto found = m_named.find(name);
        return found != m_named.end() && take(c, found->second);
    }

    void takeShaped(std::size_t c)
    {
        const auto sized = m_sized.find(m_mine.layers[c].slot(Slot::Weight)->tensor->count());
        if (sized == m_sized.end())
            return;
        std::erase_if(sized->second, [&](std::size_t e) { return m_taken[e]; });
        std::ranges::find_if(sized->second, [&](std::size_t e) { return take(c, e); });
    }

    const Network &m_mine, &m_theirs;
    std::vector<bool> m_taken;
    std::map<std::string, std::size_t> m_named;
    std::map<std::uint64_t, std::vector<std::size_t>> m_sized; ///< by elements, in the order of the list
    std::vector<std::pair<std::size_t, std::size_t>> m_pairs;
};

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
        const auto pairs = LayerPairing(m_network, m_exported).run();
        if (pairs.empty()) {
            report("export-unused", Severity::Note, {},
                fmt::format("{} beside the file is not used: none of its layers has the shape of one here", m_file));
            return;
        }
        std::map<LayerId, DpuShifts> shifts;
        for (DpuShifts &one : dpuPositions(Arrivals(m_exported)))
            shifts.emplace(one.layer, std::move(one));
        for (std::size_t i = 0; i < pairs.size(); ++i) {
            const auto &[mine, theirs] = pairs[i];
            m_progress.step(i, pairs.size());
            compareLayer(m_network.layers[mine], m_exported.layers[theirs]);
            if (const auto found = shifts.find(m_exported.layers[theirs].id); found != shifts.end())
                takePositions(m_network.layers[mine], found->second);
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

    /// What the positions let conclude gives way to what an export shows.
    void forgetConclusion(const Layer &layer, SlotQuantizer &slot)
    {
        const Subject subject(layer.id, slot.slot);
        const auto forget = [&](const char *rule) {
            std::erase_if(m_network.diagnostics,
                [&](const Diagnostic &said) { return said.rule == rule && said.subject == subject; });
        };
        if (slot.assumed)
            forget(kPositionDiffers);
        if (slot.proof != ProofVerdict::Differs || slot.proofBy != fileName(m_network.file->quantInfo->path))
            return;
        forget(kEqualized);
        slot.proof = ProofVerdict::None;
        slot.proofBy.clear();
        slot.proofDifference.clear();
        slot.equalized.reset();
    }

    void take(const Layer &layer, SlotQuantizer &slot, const DpuVerdict &verdict)
    {
        if (verdict.codesAgree || !verdict.difference.empty())
            forgetConclusion(layer, slot);
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
