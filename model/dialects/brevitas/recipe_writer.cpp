#include "dialects/brevitas/recipe_writer.h"

#include "base/file_name.h"
#include "base/text.h"
#include "dialects/brevitas/choice_patterns.h"
#include "dialects/brevitas/list_state_dict.h"
#include "dialects/brevitas/proofs.h"
#include "dialects/brevitas/spec.h"
#include "dialects/brevitas/state_dict.h"
#include "network/feeds.h"
#include "network/layer_kinds.h"
#include "network/unconfirmed.h"
#include "recipe/recipe_toml.h"

#include <algorithm>
#include <iterator>
#include <set>
#include <utility>

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

/// A network of no more says each of its layers by name, which reads best.
constexpr std::size_t kNamedLayers = 40;

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
        std::vector<Said> alike; ///< entries that patterns may stand for, by what is noted of them
        for (const Layer &layer : m_network.layers)
            for (const SlotQuantizer &slot : layer.slots)
                out += quantizer(layer, slot, m_network.layers.size() > kNamedLayers ? &alike : nullptr);
        std::string gathered;
        for (const Said &said : alike)
            for (const RecipeQuantizer &entry : gatheredByPattern(said.entries, m_network))
                gathered += written("quantizer", tomlKeys(entry)) + said.note;
        return gathered + out;
    }

    std::string proofs() const
    {
        std::string out;
        for (const RecipeProof &proof : m_network.recipe.proofs)
            out += written("proof", tomlKeys(proof));
        for (const Layer &layer : m_network.layers)
            for (const SlotQuantizer &slot : layer.slots)
                if (isSettledByExport(slot) && slot.proof == ProofVerdict::None)
                    out += written("proof", tomlKeys(proofOfScale(layer, slot)));
        return out;
    }

private:
    struct Said {
        std::string note;
        std::vector<RecipeQuantizer> entries;
    };

    static void add(std::vector<Said> &all, const RecipeQuantizer &entry, const std::string &note)
    {
        auto found = std::ranges::find(all, note, &Said::note);
        if (found == all.end())
            found = all.insert(all.end(), {note, {}});
        found->entries.push_back(entry);
    }

    /// What only the export beside the file tells, so that the recipe stands alone.
    RecipeProof proofOfScale(const Layer &layer, const SlotQuantizer &slot) const
    {
        RecipeProof proof;
        proof.layer = layer.name;
        proof.slot = slot.slot;
        const std::vector<float> &scales = slot.quantizer->scale->values;
        proof.scale = std::vector<double>(scales.begin(), scales.end());
        proof.from = m_network.toldBy;
        return proof;
    }

    /// Empty where the entry went to `alike`.
    std::string quantizer(const Layer &layer, const SlotQuantizer &slot, std::vector<Said> *alike) const
    {
        const SlotSettings settings
            = settingsFor(m_network.recipe, layer.name, slot.slot, !m_batchNorms.contains(layer.name));
        if (slot.preset.empty() && slot.sharedWith.empty() && !settings.mentioned)
            return {};
        if (slot.preset.empty() && slot.sharedWith.empty() && settings.ownClass.empty() && slot.quantizer)
            return fmt::format("\n# {} {}: as the file itself says; nothing that a recipe says of it is in force\n",
                printable(layer.name), slot.slot);
        RecipeQuantizer entry = inForce(settings, layer, slot);
        const bool said = saysInput(entry);
        if (!said)
            entry.input = inputFromExport(entry, layer);
        const RecipeQuantizer others = takeOthers(entry, settings, isUnconfirmed(m_network, slot), said);
        const std::string_view told = said ? "" : "input";
        const std::string note = entry.assumed && !slot.alternatives.empty()
            ? fmt::format("# fits as well: {}\n", fmt::join(othersThatFit(entry, slot), ", "))
            : std::string();
        const bool hasOthers = !others.overrides.empty() || saysInput(others) || sharesScale(others);
        if (alike != nullptr && !hasOthers && (said || !entry.input)) {
            add(*alike, entry, note);
            return {};
        }
        const std::string out = written("quantizer", tomlKeys(entry), told, m_network.toldBy) + note;
        return hasOthers ? out + written("quantizer", tomlKeys(others), told, m_network.toldBy) : out;
    }

    /// With keywords, the preset without them is another quantizer.
    static std::vector<std::string> othersThatFit(const RecipeQuantizer &entry, const SlotQuantizer &slot)
    {
        std::vector<std::string> out = slot.alternatives;
        for (std::string &name : out)
            if (name == entry.preset)
                name += " without keywords";
        return out;
    }

    static bool saysInput(const RecipeQuantizer &entry)
    {
        return entry.input || entry.inputScale || entry.inputBitWidth || entry.inputSigned;
    }

    static bool sharesScale(const RecipeQuantizer &entry) { return entry.scaleSharedWith || entry.thresholdSharedWith; }

    /// Takes what was confirmed out of an entry that nobody confirmed, and the other way round: an entry is one or the
    /// other. What an export told is confirmed.
    static RecipeQuantizer takeOthers(RecipeQuantizer &entry, const SlotSettings &settings, bool open, bool inputSaid)
    {
        RecipeQuantizer others;
        others.match = entry.match;
        others.slot = entry.slot;
        others.assumed = !entry.assumed;
        if (!entry.assumed && !open)
            return others; // a proof or an export confirmed all of it
        const auto isOther = [&](const auto &given) { // keywords of no entry came with the assumed preset
            const bool assumed = settings.assumedKeywords.contains(given.first);
            return entry.assumed ? settings.overrideEntry.contains(given.first) && !assumed : assumed;
        };
        std::ranges::copy_if(entry.overrides, std::back_inserter(others.overrides), isOther);
        std::erase_if(entry.overrides, isOther);
        if (saysInput(entry) && (inputSaid && settings.inputAssumed) != entry.assumed) {
            std::swap(others.input, entry.input);
            std::swap(others.inputScale, entry.inputScale);
            std::swap(others.inputBitWidth, entry.inputBitWidth);
            std::swap(others.inputSigned, entry.inputSigned);
        }
        if (sharesScale(entry) && settings.sharingAssumed != entry.assumed) {
            std::swap(others.scaleSharedWith, entry.scaleSharedWith);
            std::swap(others.thresholdSharedWith, entry.thresholdSharedWith);
        }
        return others;
    }

    /// What is in force for one slot, as one entry that says all of it. Where nothing came of what the recipe says,
    /// that.
    RecipeQuantizer inForce(const SlotSettings &settings, const Layer &layer, const SlotQuantizer &slot) const
    {
        const bool resolved = !slot.preset.empty() || !slot.sharedWith.empty();
        const std::string &shared = resolved ? slot.sharedWith : settings.sharedWith;
        const std::string &preset = resolved ? slot.preset : settings.preset;
        const auto given = [](const std::string &text) { return text.empty() ? std::nullopt : std::optional(text); };
        RecipeQuantizer entry;
        entry.match = globEscape(layer.name);
        entry.slot = slot.slot;
        entry.sharedWith = given(shared);
        if (shared.empty()) {
            entry.preset = given(preset);
            entry.ownClass = given(settings.ownClass);
            entry.scaleSharedWith = given(settings.scaleSharedWith);
            entry.thresholdSharedWith = given(settings.thresholdSharedWith);
            entry.overrides = resolved ? slot.overrides : settings.overrides;
        }
        entry.input = given(settings.input);
        entry.inputScale = settings.inputScale;
        entry.inputBitWidth = settings.inputBitWidth;
        entry.inputSigned = settings.inputSigned;
        const bool open = isUnconfirmed(m_network, slot);
        entry.assumed = !shared.empty() ? settings.sharingAssumed && open
            : resolved                  ? slot.presetAssumed && open
                                        : settings.presetAssumed;
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
    const std::string checks = checksToml(network.recipe);
    if (const DialectTraits &traits = traitsOf(network.dialect); traits.saysItself)
        return out + fmt::format("# Everything was read from the {} file itself; it needs no recipe.\n", traits.name)
            + (checks.empty() ? std::string() : "\n" + checks);
    if (!network.recipe.takenFrom.empty())
        out += fmt::format(
            "# Taken from {}, whose scales and codes these settings give\n", printable(network.recipe.takenFrom));
    if (!network.confirmedBy.empty())
        out += fmt::format("# Confirmed code for code by {}\n", printable(network.confirmedBy));
    const Writer writer(network);
    const std::string entries
        = writer.layers() + writer.quantizers() + writer.proofs() + (checks.empty() ? std::string() : "\n" + checks);
    const bool assumed = std::ranges::any_of(network.layers,
        [](const Layer &layer) { return std::ranges::any_of(layer.slots, &SlotQuantizer::presetAssumed); });
    if (entries.empty() && !network.recipe.brevitas && !assumed)
        return out + "# What quantizers it has were read from the file itself; it needs no recipe.\n";
    out += network.recipe.brevitas ? fmt::format("brevitas = {}\n", tomlString(*network.recipe.brevitas))
                                   : "# brevitas = \"0.10.2\" is assumed\n";
    return out + entries;
}

} // namespace quantscope
