#include "recipe/recipe_reader.h"

#include "base/byte_source.h"
#include "base/sha256.h"
#include "base/text.h"
#include "recipe/toml_values.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>
#include <map>
#include <utility>

#include <fmt/format.h>

namespace quantscope {

namespace {

double inputNumber(const toml::node &node, std::string_view key, bool (*isValid)(double), const char *what)
{
    const double value = numberOf(node, key);
    if (!isValid(value))
        fail(node, fmt::format("{} must be {}", key, what));
    return value;
}

bool isLiveWidth(double value) { return value > 0 && std::isfinite(value); }

/// A word that a dialect knows, or the sentence that says why not.
std::string word(
    const toml::node &node, std::string_view key, std::optional<std::string> (*problem)(const std::string &))
{
    std::string value = textOf(node, key);
    if (const auto why = problem(value))
        fail(node, *why);
    return value;
}

Slot readSlot(const toml::node &node)
{
    const std::string name = textOf(node, "slot");
    if (const auto slot = slotFromName(name))
        return *slot;
    fail(node,
        fmt::format("\"{}\" is not a slot", name)
            + didYouMean(name, std::vector<std::string>(slotNames().begin(), slotNames().end())));
}

template <class Entry> struct EntryKey {
    std::string_view key;
    void (*read)(Entry &, const std::string &key, const toml::node &, const RecipeWords &);
};

template <class Entry, std::size_t N>
const EntryKey<Entry> *findKey(const std::array<EntryKey<Entry>, N> &keys, std::string_view key)
{
    const auto row = std::ranges::find(keys, key, &EntryKey<Entry>::key);
    return row == keys.end() ? nullptr : &*row;
}

template <class Entry, std::size_t N> std::vector<std::string> namesOf(const std::array<EntryKey<Entry>, N> &keys)
{
    std::vector<std::string> names;
    for (const auto &row : keys)
        names.emplace_back(row.key);
    return names;
}

using Key = const std::string &;
using Node = const toml::node &;
using Words = const RecipeWords &;

constexpr std::array kQuantizerKeys = {
    EntryKey<RecipeQuantizer>{"match", [](RecipeQuantizer &e, Key k, Node n, Words) { e.match = textOf(n, k); }},
    EntryKey<RecipeQuantizer>{"slot", [](RecipeQuantizer &e, Key, Node n, Words) { e.slot = readSlot(n); }},
    EntryKey<RecipeQuantizer>{"preset", [](RecipeQuantizer &e, Key k, Node n, Words) { e.preset = textOf(n, k); }},
    EntryKey<RecipeQuantizer>{
        "own_class", [](RecipeQuantizer &e, Key k, Node n, Words) { e.ownClass = nonEmptyTextOf(n, k); }},
    EntryKey<RecipeQuantizer>{
        "shared_with", [](RecipeQuantizer &e, Key k, Node n, Words) { e.sharedWith = textOf(n, k); }},
    EntryKey<RecipeQuantizer>{"scale_shared_with",
        [](RecipeQuantizer &e, Key k, Node n, Words) { e.scaleSharedWith = nonEmptyTextOf(n, k); }},
    EntryKey<RecipeQuantizer>{"threshold_shared_with",
        [](RecipeQuantizer &e, Key k, Node n, Words) { e.thresholdSharedWith = nonEmptyTextOf(n, k); }},
    EntryKey<RecipeQuantizer>{"input", [](RecipeQuantizer &e, Key k, Node n, Words) { e.input = textOf(n, k); }},
    EntryKey<RecipeQuantizer>{"input_scale",
        [](RecipeQuantizer &e, Key k, Node n, Words) {
            e.inputScale = inputNumber(n, k, isScale, "a positive number in the range of float32");
        }},
    EntryKey<RecipeQuantizer>{"input_bit_width",
        [](RecipeQuantizer &e, Key k, Node n, Words) {
            e.inputBitWidth = inputNumber(n, k, isBitWidth, "a whole number from 1 to 32");
        }},
    EntryKey<RecipeQuantizer>{
        "input_signed", [](RecipeQuantizer &e, Key k, Node n, Words) { e.inputSigned = booleanOf(n, k); }},
    EntryKey<RecipeQuantizer>{"assumed", [](RecipeQuantizer &e, Key k, Node n, Words) { e.assumed = booleanOf(n, k); }},
};

constexpr std::array kLayerKeys = {
    EntryKey<RecipeLayer>{"match", [](RecipeLayer &e, Key k, Node n, Words) { e.match = textOf(n, k); }},
    EntryKey<RecipeLayer>{
        "kind", [](RecipeLayer &e, Key k, Node n, Words words) { e.kind = word(n, k, words.kindProblem); }},
    EntryKey<RecipeLayer>{
        "groups", [](RecipeLayer &e, Key k, Node n, Words) { e.groups = wholeNumberOf(n, k, 1, 1 << 24); }},
    EntryKey<RecipeLayer>{
        "stride", [](RecipeLayer &e, Key k, Node n, Words) { e.stride = wholeNumberOf(n, k, 1, 1 << 24); }},
    EntryKey<RecipeLayer>{"batch_norm", [](RecipeLayer &e, Key k, Node n, Words) { e.batchNorm = textOf(n, k); }},
    EntryKey<RecipeLayer>{"epsilon", [](RecipeLayer &e, Key k, Node n, Words) { e.epsilon = numberOf(n, k); }},
};

constexpr std::array kProofKeys = {
    EntryKey<RecipeProof>{"layer", [](RecipeProof &p, Key k, Node n, Words) { p.layer = textOf(n, k); }},
    EntryKey<RecipeProof>{"slot", [](RecipeProof &p, Key, Node n, Words) { p.slot = readSlot(n); }},
    EntryKey<RecipeProof>{"bit_width",
        [](RecipeProof &p, Key k, Node n, Words) { p.bitWidth = inputNumber(n, k, isLiveWidth, "a positive number"); }},
    EntryKey<RecipeProof>{"signed", [](RecipeProof &p, Key k, Node n, Words) { p.isSigned = booleanOf(n, k); }},
    EntryKey<RecipeProof>{"scale", [](RecipeProof &p, Key k, Node n, Words) { p.scale = hexNumbersOf(n, k); }},
    EntryKey<RecipeProof>{"zero_point", [](RecipeProof &p, Key k, Node n, Words) { p.zeroPoint = hexNumbersOf(n, k); }},
    EntryKey<RecipeProof>{
        "codes_sha256_i32", [](RecipeProof &p, Key k, Node n, Words) { p.codesSha256 = sha256Of(n, k); }},
    EntryKey<RecipeProof>{"from", [](RecipeProof &p, Key k, Node n, Words) { p.from = nonEmptyTextOf(n, k); }},
};

void readQuantizerKey(RecipeQuantizer &entry, const std::string &key, const toml::node &node, const RecipeWords &words)
{
    if (const auto *own = findKey(kQuantizerKeys, key))
        return own->read(entry, key, node, words);
    if (const auto keyword = words.keyword(key)) {
        if (std::ranges::find(entry.overrides, *keyword, &std::pair<std::string, std::string>::first)
            != entry.overrides.end())
            fail(node, fmt::format("{} stands twice in one entry", *keyword));
        entry.overrides.emplace_back(*keyword, keywordTextOf(node, key));
        return;
    }
    // In Brevitas a layer's keywords carry the slot's prefix; here the slot stands beside them.
    for (const char *prefix : {"weight_", "bias_", "input_", "output_", "act_"})
        if (key.starts_with(prefix) && words.keyword(key.substr(std::string_view(prefix).size())))
            fail(node,
                fmt::format("\"{}\" is written without the slot's prefix here; did you mean \"{}\"?", key,
                    key.substr(std::string_view(prefix).size())));
    std::vector<std::string> known = words.keywords();
    std::ranges::move(namesOf(kQuantizerKeys), std::back_inserter(known));
    fail(node,
        fmt::format("\"{}\" is neither a key of a recipe nor a keyword of Brevitas", key) + didYouMean(key, known));
}

void readLayerKey(RecipeLayer &entry, const std::string &key, const toml::node &node, const RecipeWords &words)
{
    const auto *own = findKey(kLayerKeys, key);
    if (own == nullptr)
        fail(node, fmt::format("\"{}\" is not a key of [[layer]]", key) + didYouMean(key, namesOf(kLayerKeys)));
    own->read(entry, key, node, words);
}

void readProofKey(RecipeProof &proof, const std::string &key, const toml::node &node, const RecipeWords &words)
{
    const auto *own = findKey(kProofKeys, key);
    if (own == nullptr)
        fail(node, fmt::format("\"{}\" is not a key of [[proof]]", key) + didYouMean(key, namesOf(kProofKeys)));
    own->read(proof, key, node, words);
}

template <class Entry>
std::vector<Entry> readEntries(const toml::node &node, std::string_view name, const RecipeWords &words,
    void (*readKey)(Entry &, const std::string &, const toml::node &, const RecipeWords &))
{
    const auto *list = node.as_array();
    if (list == nullptr)
        fail(node, fmt::format("{} must be written as [[{}]]", name, name));
    std::vector<Entry> entries;
    for (const toml::node &item : *list) {
        const auto *table = item.as_table();
        if (table == nullptr)
            fail(item, fmt::format("{} must be written as [[{}]]", name, name));
        Entry entry;
        entry.line = static_cast<int>(table->source().begin.line);
        for (const auto &[key, value] : *table)
            readKey(entry, std::string(key.str()), value, words);
        entries.push_back(std::move(entry));
    }
    return entries;
}

/// An error of the entry that begins in a line.
RecipeError atLine(int line, std::string message)
{
    return {std::move(message), {static_cast<toml::source_index>(line), 1}};
}

/// A preset is looked at when its slot is known, which may stand behind it.
void checkPreset(const RecipeQuantizer &entry, const toml::table &table, const RecipeWords &words)
{
    if (!entry.preset)
        return;
    if (const auto why = words.presetProblem(*entry.preset, entry.slot))
        fail(*table.get("preset"), *why);
}

void checkQuantizers(std::vector<RecipeQuantizer> &entries, const toml::node &node, const RecipeWords &words)
{
    int number = 0;
    for (RecipeQuantizer &entry : entries) {
        checkPreset(entry, *node.as_array()->get(static_cast<std::size_t>(number))->as_table(), words);
        entry.number = ++number;
        if (entry.scaleSharedWith && entry.thresholdSharedWith)
            throw atLine(entry.line,
                "scale_shared_with and threshold_shared_with exclude each other: the first shares the int scaling "
                "too, the second does not");
    }
}

void checkProofs(std::vector<RecipeProof> &proofs, const toml::array &tables)
{
    std::map<std::pair<std::string, Slot>, int> lines;
    for (std::size_t i = 0; i < proofs.size(); ++i) {
        RecipeProof &proof = proofs[i];
        proof.number = static_cast<int>(i) + 1;
        for (const char *key : {"layer", "slot"}) // a model that is one layer has the name ""
            if (!tables[i].as_table()->contains(key))
                throw atLine(proof.line, fmt::format("a [[proof]] needs {}", key));
        const auto [earlier, isFirst] = lines.emplace(std::pair(proof.layer, proof.slot), proof.line);
        if (!isFirst)
            throw atLine(proof.line,
                fmt::format("{} {} has a proof in line {} already", proof.layer, proof.slot, earlier->second));
    }
}

std::vector<RecipeProof> readProofs(const toml::node &node, const RecipeWords &words)
{
    std::vector<RecipeProof> proofs = readEntries<RecipeProof>(node, "proof", words, readProofKey);
    checkProofs(proofs, *node.as_array());
    return proofs;
}

std::vector<std::string> readMutes(const toml::node &node)
{
    const auto *table = node.as_table();
    if (table == nullptr)
        fail(node, "checks must be written as [checks]");
    std::vector<std::string> mutes;
    for (const auto &[key, value] : *table) {
        if (key.str() != "mute")
            fail(value,
                fmt::format("\"{}\" is not a key of [checks]", key.str())
                    + didYouMean(key.str(), std::vector<std::string>{"mute"}));
        mutes = textsOf(value, "mute");
    }
    return mutes;
}

Recipe recipeOf(const toml::table &root, const RecipeWords &words)
{
    Recipe recipe;
    for (const auto &[key, node] : root) {
        const std::string name(key.str());
        if (name == "brevitas") {
            recipe.brevitas = word(node, name, words.versionProblem);
        } else if (name == "layer") {
            recipe.layers = readEntries<RecipeLayer>(node, name, words, readLayerKey);
        } else if (name == "quantizer") {
            recipe.quantizers = readEntries<RecipeQuantizer>(node, name, words, readQuantizerKey);
            checkQuantizers(recipe.quantizers, node, words);
        } else if (name == "proof") {
            recipe.proofs = readProofs(node, words);
        } else if (name == "checks") {
            recipe.mutes = readMutes(node);
        } else {
            fail(node,
                fmt::format("\"{}\" is not a key of a recipe", name)
                    + didYouMean(name, std::vector<std::string>{"brevitas", "layer", "quantizer", "proof", "checks"}));
        }
    }
    return recipe;
}

} // namespace

Result<Recipe> readRecipe(std::string_view content, const std::string &path, const RecipeWords &words)
{
    const auto failure = [&](const std::string &message, const toml::source_position &where) {
        return tl::unexpected(Error{ErrorKind::Usage, path, std::nullopt,
            fmt::format("{} (line {}, column {})", message, where.line, where.column)});
    };
    try {
        Recipe recipe = recipeOf(toml::parse(content), words);
        recipe.words = &words;
        recipe.path = path;
        recipe.sha256 = sha256(std::as_bytes(std::span(content)));
        return recipe;
    } catch (const toml::parse_error &error) {
        return failure(fmt::format("is not TOML: {}", error.description()), error.source().begin);
    } catch (const RecipeError &error) {
        return failure(error.message, error.where);
    }
}

Result<Recipe> readRecipeFile(const std::string &path, const RecipeWords &words, const Limits &limits)
{
    const auto source = FileSource::open(path);
    if (!source)
        return tl::unexpected(source.error());
    if ((*source)->size() > limits.recipeBytes)
        return tl::unexpected(Error{ErrorKind::Usage, path, std::nullopt,
            fmt::format("is too large for a recipe: {} bytes", (*source)->size())});
    try {
        const auto bytes = (*source)->bytes(0, (*source)->size());
        return readRecipe({reinterpret_cast<const char *>(bytes.data()), bytes.size()}, path, words);
    } catch (const ParseError &error) {
        return tl::unexpected(Error{ErrorKind::Io, path, error.offset(), error.what()});
    }
}

} // namespace quantscope
