#include "export/manifest.h"

#include "export/manifest_entries.h"
#include "network/unconfirmed.h"
#include "quant/quantizer_json.h"

#include <map>

#include <nlohmann/json.hpp>

namespace quantscope {

namespace {

using Json = nlohmann::ordered_json;

Json textOrNull(const std::optional<std::string> &text) { return text && !text->empty() ? Json(*text) : Json(nullptr); }

Json tensorEntry(const ExportLayer &layer, const ExportArray &array, const std::optional<std::string> &codesSha256)
{
    const Quantizer &quantizer = *array.slot->quantizer;
    Json out;
    out["layer"] = layer.layer->name;
    out["slot"] = array.slot->slot;
    out["symbol"] = array.symbol;
    out["tensor"] = array.slot->tensorName;
    if (!array.slot->computed.empty())
        out["computed"] = array.slot->computed;
    out["shape"] = array.slot->tensor->shape;
    out["kind"] = quantizerKindName(quantizer.kind);
    out["bit_width"] = quantizer.bitWidth ? Json(*quantizer.bitWidth) : Json(nullptr);
    out["storage_bits"] = quantizer.storageBits ? Json(*quantizer.storageBits) : Json(nullptr);
    out["signed"] = array.isSigned;
    out["scale"] = quantizer.scale ? granularJson(*quantizer.scale, true) : Json(nullptr);
    out["zero_point"] = quantizer.zeroPoint ? granularJson(*quantizer.zeroPoint, false) : Json(nullptr);
    if (quantizer.blockSize)
        out["block_size"] = *quantizer.blockSize;
    out["frac_bits"] = fracBitsJson(quantizer);
    out["codes_sha256_i32"] = textOrNull(codesSha256);
    return out;
}

void addOrder(Json &out, const ExportArray &array, const WordLayout &words)
{
    out["layout"] = array.layout.name;
    out["index"] = array.layout.index;
    out["dims"] = array.layout.dims;
    out["element_bits"] = words.elementBits;
    out["elements_per_word"] = words.elementsPerWord;
    out["word_bits"] = words.wordBits;
    out["first_element"] = words.lsbFirst ? "lsb" : "msb";
    out["words"] = words.words;
    out["padding_elements"] = words.paddingElements;
}

Json fileEntry(const WrittenFile &written)
{
    const PlannedFile &file = *written.file;
    const auto wordsOf = [&](const ExportArray &array) { return file.writer->words(array, file.packing); };
    Json out;
    out["path"] = file.name;
    out["format"] = file.writer->name;
    out["symbols"] = Json::array();
    for (const ExportArray &array : file.arrays)
        out["symbols"].push_back(array.symbol);
    out["sha256"] = textOrNull(written.sha256);
    // The file's own order is its first array's; "arrays" has every one.
    addOrder(out, file.arrays.front(), wordsOf(file.arrays.front()));
    if (!file.writer->filePerLayer)
        return out;
    out["arrays"] = Json::array();
    for (const ExportArray &array : file.arrays) {
        Json entry;
        entry["symbol"] = array.symbol;
        addOrder(entry, array, wordsOf(array));
        out["arrays"].push_back(std::move(entry));
    }
    return out;
}

Json companionEntry(const WrittenCompanion &companion)
{
    Json out;
    out["path"] = companion.name;
    out["format"] = companion.format;
    out["symbols"] = Json::array();
    out["sha256"] = textOrNull(companion.sha256);
    return out;
}

/// Hashes of codes by symbol: the same in every format that wrote the array.
std::map<std::string, std::optional<std::string>> codeHashes(const std::vector<WrittenFile> &files)
{
    std::map<std::string, std::optional<std::string>> hashes;
    for (const WrittenFile &written : files)
        for (std::size_t i = 0; i < written.codesSha256.size(); ++i)
            hashes.emplace(written.file->arrays[i].symbol, written.codesSha256[i]);
    return hashes;
}

Json freshManifest(const SourceFacts &source, const ExportPlan &plan, const Written &written)
{
    Json out;
    out["schema"] = 1;
    out["source"]["file"] = textOrNull(source.file);
    out["source"]["sha256"] = textOrNull(source.sha256);
    if (!source.part.empty())
        out["source"]["part"] = source.part;
    out["source"]["recipe_sha256"] = textOrNull(source.recipe.sha256);
    if (source.recipe.edited)
        out["source"]["recipe_edited"] = true;
    if (!source.recipe.takenFrom.empty())
        out["source"]["recipe_taken_from"] = source.recipe.takenFrom;
    out["source"]["assumed"] = 0;
    out["tensors"] = Json::array();
    out["files"] = Json::array();
    out["renamed"] = Json::array();
    auto hashes = codeHashes(written.files);
    for (const ExportLayer &layer : plan.layers)
        for (const ExportArray &array : layer.arrays)
            out["tensors"].push_back(tensorEntry(layer, array, hashes[array.symbol]));
    for (const WrittenFile &file : written.files)
        out["files"].push_back(fileEntry(file));
    for (const WrittenCompanion &companion : written.companions)
        out["files"].push_back(companionEntry(companion));
    for (const RenamedLayer &renamed : plan.renamed) {
        Json entry;
        entry["layer"] = renamed.layer;
        entry["identifier"] = renamed.identifier;
        out["renamed"].push_back(std::move(entry));
    }
    return out;
}

/// Of all tensors, those of earlier exports too: what is assumed follows from the network, not from who wrote when.
void countAssumedTensors(Json &manifest, const Network &network)
{
    std::size_t assumed = 0;
    for (Json &tensor : manifest["tensors"]) {
        const Layer *layer = network.layer(textOf(tensor, "layer"));
        const SlotQuantizer *slot = layer == nullptr ? nullptr : layer->slot(textOf(tensor, "slot"));
        tensor["assumed"] = slot != nullptr && isUnconfirmed(network, *slot);
        assumed += tensor["assumed"] == true ? 1u : 0u;
    }
    manifest["source"]["assumed"] = assumed;
}

} // namespace

std::string manifestText(const Network &network, const SourceFacts &source, const ExportPlan &plan,
    const Written &written, const std::string &folder, std::vector<std::string> &notes)
{
    Json manifest = freshManifest(source, plan, written);
    addEarlierManifest(manifest, network, folder, notes);
    countAssumedTensors(manifest, network);
    return manifest.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

} // namespace quantscope
