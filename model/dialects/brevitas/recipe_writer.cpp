#include "dialects/brevitas/recipe_writer.h"

#include "base/file_name.h"
#include "base/text.h"
#include "dialects/brevitas/list_state_dict.h"
#include "dialects/brevitas/spec.h"
#include "dialects/brevitas/state_dict.h"
#include "network/feeds.h"
#include "network/layer_kinds.h"
#include "recipe/recipe_toml.h"

#include <set>

#include <fmt/format.h>

namespace quantscope {

namespace {

/// `told` is the key whose value an export told, when one did.
std::string written(
    const char *heading, const TomlKeys &keys, std::string_view told = {}, const std::string &exportName = {})
{
    std::string out = fmt::format("\n[[{}]]\n", heading);
    for (const auto &[key, value] : keys)
        out += fmt::format("{} = {}{}\n", key, value, key == told ? " # from " + printable(exportName) : "");
    return out;
}

bool readsInput(std::string_view preset)
{
    const Preset *known = findPreset(preset);
    return known != nullptr
        && (known->source == ScaleSource::WeightTimesInput || known->source == ScaleSource::Input
            || known->special == Special::AccumulatorAware || known->special == Special::AccumulatorAwareZeroCenter);
}

/// Writes what is in force, so that it stands alone.
class Writer {
public:
    explicit Writer(const Network &network)
        : m_network(network)
        , m_alone(listStateDict(network.file, network.recipe))
    {
        for (const StateLayer &layer : groupStateDict(*network.file).layers)
            if (layer.batchNorm)
                m_batchNorms.insert(layer.name);
    }

    std::string layers() const
    {
        std::string out;
        for (const RecipeLayer &layer : m_network.recipe.layers)
            out += written("layer", tomlKeys(layer));
        for (const Layer &layer : m_network.layers) {
            const Layer *alone = m_alone.layer(layer.name);
            const bool told = alone != nullptr && alone->kindAssumed && !layer.kindAssumed;
            if (!told || layer.slot(Slot::Weight) == nullptr || findLayerKind(layer.kind) == nullptr)
                continue;
            RecipeLayer entry;
            entry.match = globEscape(layer.name);
            entry.kind = layer.kind;
            out += written("layer", tomlKeys(entry), "kind", m_network.toldBy);
        }
        return out;
    }

    std::string quantizers() const
    {
        std::string out;
        for (const Layer &layer : m_network.layers)
            for (const SlotQuantizer &slot : layer.slots)
                out += quantizer(layer, slot);
        return out;
    }

private:
    std::string quantizer(const Layer &layer, const SlotQuantizer &slot) const
    {
        const SlotSettings settings
            = settingsFor(m_network.recipe, layer.name, slot.slot, !m_batchNorms.contains(layer.name));
        if (slot.preset.empty() && slot.sharedWith.empty() && !settings.mentioned)
            return {};
        RecipeQuantizer entry = inForce(settings, layer, slot);
        const bool said = entry.input.has_value();
        if (!said)
            entry.input = inputFromExport(entry, layer);
        std::string out = written("quantizer", tomlKeys(entry), said ? "" : "input", m_network.toldBy);
        if (!slot.assumed)
            return out;
        out.insert(out.find("]]") + 2, " # assumed");
        return slot.alternatives.empty()
            ? out
            : out + fmt::format("# fits as well: {}\n", fmt::join(slot.alternatives, ", "));
    }

    /// What is in force for one slot, as one entry that says all of it. Where nothing came of what the recipe says,
    /// that.
    RecipeQuantizer inForce(const SlotSettings &settings, const Layer &layer, const SlotQuantizer &slot) const
    {
        const bool resolved = !slot.preset.empty() || !slot.sharedWith.empty();
        const std::string &shared = resolved ? slot.sharedWith : settings.sharedWith;
        const std::string &preset = resolved ? slot.preset : settings.preset;
        RecipeQuantizer entry;
        entry.match = globEscape(layer.name);
        entry.slot = slot.slot;
        if (!shared.empty())
            entry.sharedWith = shared;
        else if (!preset.empty())
            entry.preset = preset;
        if (shared.empty())
            entry.overrides = resolved ? slot.overrides : settings.overrides;
        if (!settings.input.empty())
            entry.input = settings.input;
        entry.inputScale = settings.inputScale;
        entry.inputBitWidth = settings.inputBitWidth;
        entry.inputSigned = settings.inputSigned;
        return entry;
    }

    std::optional<std::string> inputFromExport(const RecipeQuantizer &entry, const Layer &layer) const
    {
        const bool given = entry.inputScale || entry.inputBitWidth || layer.slot(Slot::Input) != nullptr;
        const std::string input = onlyInput(m_network, layer.id);
        if (given || input.empty() || !entry.preset || !readsInput(*entry.preset))
            return std::nullopt;
        const Layer *source = m_network.layer(input);
        const bool quantized
            = source != nullptr && (source->slot(Slot::Act) != nullptr || source->slot(Slot::Output) != nullptr);
        return quantized ? std::optional(source->name) : std::nullopt;
    }

    const Network &m_network;
    Network m_alone; ///< as far as the file and the recipe tell
    std::set<std::string, std::less<>> m_batchNorms; ///< wildcards do not reach them
};

} // namespace

std::string recipeToml(const Network &network)
{
    std::string out = fmt::format("# Quantizers of {}\n", printable(fileName(network.file->path)));
    if (const DialectTraits &traits = traitsOf(network.dialect); traits.saysItself)
        return out + fmt::format("# Everything was read from the {} file itself; it needs no recipe.\n", traits.name);
    if (!network.confirmedBy.empty())
        out += fmt::format("# Confirmed code for code by {}\n", printable(network.confirmedBy));
    out += network.recipe.brevitas ? fmt::format("brevitas = {}\n", tomlString(*network.recipe.brevitas))
                                   : "brevitas = \"0.10.2\" # assumed\n";
    const Writer writer(network);
    return out + writer.layers() + writer.quantizers();
}

} // namespace quantscope
