#include "recipe/recipe_reader.h"

#include "base/byte_source.h"
#include "base/sha256.h"
#include "base/text.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <toml++/toml.h>

namespace quantscope {

namespace {

struct RecipeError {
    std::string message;
    toml::source_position where;
};

[[noreturn]] void fail(const toml::node &node, const std::string &message)
{
    throw RecipeError{message, node.source().begin};
}

std::string text(const toml::node &node, std::string_view key)
{
    if (const auto value = node.value_exact<std::string>())
        return *value;
    fail(node, fmt::format("{} must be a text in quotes", key));
}

double number(const toml::node &node, std::string_view key)
{
    if (const auto value = node.value<double>())
        return *value;
    fail(node, fmt::format("{} must be a number", key));
}

double inputNumber(const toml::node &node, std::string_view key, bool (*isValid)(double), const char *what)
{
    const double value = number(node, key);
    if (!isValid(value))
        fail(node, fmt::format("{} must be {}", key, what));
    return value;
}

int wholeNumber(const toml::node &node, std::string_view key, int low, int high)
{
    const auto value = node.value_exact<std::int64_t>();
    if (!value || *value < low || *value > high)
        fail(node, fmt::format("{} must be a whole number from {} to {}", key, low, high));
    return static_cast<int>(*value);
}

bool boolean(const toml::node &node, std::string_view key)
{
    if (const auto value = node.value_exact<bool>())
        return *value;
    fail(node, fmt::format("{} must be true or false", key));
}

/// An override's value as the text that the spec parses: lists become "[1, 2]".
std::string overrideText(const toml::node &node, std::string_view key)
{
    if (const auto *list = node.as_array()) {
        std::string out = "[";
        for (const toml::node &item : *list)
            out += (out.size() > 1 ? ", " : "") + overrideText(item, key);
        return out + "]";
    }
    if (const auto value = node.value_exact<std::string>())
        return *value;
    if (const auto value = node.value_exact<bool>())
        return *value ? "true" : "false";
    if (const auto value = node.value_exact<std::int64_t>())
        return std::to_string(*value);
    if (const auto value = node.value_exact<double>())
        return shortest(*value);
    fail(node, fmt::format("{} has a value of a kind that no keyword takes", key));
}

/// A word that a dialect knows, or the sentence that says why not.
std::string word(
    const toml::node &node, std::string_view key, std::optional<std::string> (*problem)(const std::string &))
{
    std::string value = text(node, key);
    if (const auto why = problem(value))
        fail(node, *why);
    return value;
}

Slot readSlot(const toml::node &node)
{
    const std::string name = text(node, "slot");
    if (const auto slot = slotFromName(name))
        return *slot;
    fail(node,
        fmt::format("\"{}\" is not a slot", name)
            + didYouMean(name, std::vector<std::string>(slotNames().begin(), slotNames().end())));
}

void readQuantizerKey(RecipeQuantizer &entry, const std::string &key, const toml::node &node, const RecipeWords &words)
{
    if (key == "match")
        entry.match = text(node, key);
    else if (key == "slot")
        entry.slot = readSlot(node);
    else if (key == "preset")
        entry.preset = word(node, key, words.presetProblem);
    else if (key == "shared_with")
        entry.sharedWith = text(node, key);
    else if (key == "input")
        entry.input = text(node, key);
    else if (key == "input_scale")
        entry.inputScale = inputNumber(node, key, isScale, "a positive number in the range of float32");
    else if (key == "input_bit_width")
        entry.inputBitWidth = inputNumber(node, key, isBitWidth, "a whole number from 1 to 32");
    else if (key == "input_signed")
        entry.inputSigned = boolean(node, key);
    else if (words.isKeyword(key))
        entry.overrides.emplace_back(key, overrideText(node, key));
    else {
        // In Brevitas a layer's keywords carry the slot's prefix; here the slot stands beside them.
        for (const char *prefix : {"weight_", "bias_", "input_", "output_", "act_"})
            if (key.starts_with(prefix) && words.isKeyword(key.substr(std::string_view(prefix).size())))
                fail(node,
                    fmt::format("\"{}\" is written without the slot's prefix here; did you mean \"{}\"?", key,
                        key.substr(std::string_view(prefix).size())));
        std::vector<std::string> known = words.keywords();
        for (const char *own :
            {"match", "slot", "preset", "shared_with", "input", "input_scale", "input_bit_width", "input_signed"})
            known.emplace_back(own);
        fail(node,
            fmt::format("\"{}\" is neither a key of a recipe nor a keyword of Brevitas", key) + didYouMean(key, known));
    }
}

void readLayerKey(RecipeLayer &entry, const std::string &key, const toml::node &node, const RecipeWords &words)
{
    if (key == "match")
        entry.match = text(node, key);
    else if (key == "kind")
        entry.kind = word(node, key, words.kindProblem);
    else if (key == "groups")
        entry.groups = wholeNumber(node, key, 1, 1 << 24);
    else if (key == "stride")
        entry.stride = wholeNumber(node, key, 1, 1 << 24);
    else if (key == "batch_norm")
        entry.batchNorm = text(node, key);
    else if (key == "epsilon")
        entry.epsilon = number(node, key);
    else
        fail(node,
            fmt::format("\"{}\" is not a key of [[layer]]", key)
                + didYouMean(
                    key, std::vector<std::string>{"match", "kind", "groups", "stride", "batch_norm", "epsilon"}));
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
        } else {
            fail(node,
                fmt::format("\"{}\" is not a key of a recipe", name)
                    + didYouMean(name, std::vector<std::string>{"brevitas", "layer", "quantizer"}));
        }
    }
    int number = 0;
    for (RecipeQuantizer &entry : recipe.quantizers) {
        entry.number = ++number;
        if (entry.preset && entry.slot)
            if (const auto why = words.slotProblem(*entry.preset, *entry.slot))
                throw RecipeError{*why, {static_cast<toml::source_index>(entry.line), 1}};
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
