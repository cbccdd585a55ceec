#include "recipe/recipe_toml.h"

#include "base/text.h"
#include "base/utf8.h"

#include <algorithm>
#include <cctype>
#include <string_view>

#include <fmt/format.h>

namespace quantscope {

namespace {

std::size_t skipDigits(std::string_view text, std::size_t at)
{
    while (at < text.size() && std::isdigit(static_cast<unsigned char>(text[at])) != 0)
        ++at;
    return at;
}

/// Decimal integers and floats as TOML 1.0 writes them: no leading zero, digits on both sides of the point.
bool isTomlNumber(std::string_view text)
{
    std::size_t at = text.starts_with('-') || text.starts_with('+') ? 1 : 0;
    const std::size_t whole = at;
    at = skipDigits(text, at);
    if (at == whole || (text[whole] == '0' && at > whole + 1))
        return false;
    if (at < text.size() && text[at] == '.') {
        const std::size_t fraction = ++at;
        at = skipDigits(text, at);
        if (at == fraction)
            return false;
    }
    if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
        ++at;
        if (at < text.size() && (text[at] == '-' || text[at] == '+'))
            ++at;
        const std::size_t exponent = at;
        at = skipDigits(text, at);
        if (at == exponent)
            return false;
    }
    return at == text.size();
}

/// "[1, a]" -> "[1, \"a\"]".
std::string tomlList(std::string_view inner)
{
    std::string out = "[";
    int depth = 0;
    std::size_t begin = 0;
    for (std::size_t i = 0; i <= inner.size(); ++i) {
        const char c = i < inner.size() ? inner[i] : ',';
        depth += c == '[' ? 1 : c == ']' ? -1 : 0;
        if (c != ',' || depth != 0)
            continue;
        std::string_view item = inner.substr(begin, i - begin);
        item.remove_prefix(std::min(item.find_first_not_of(' '), item.size()));
        if (!item.empty())
            out += (out.size() > 1 ? ", " : "") + tomlValue(std::string(item));
        begin = i + 1;
    }
    return out + "]";
}

const char *truth(bool value) { return value ? "true" : "false"; }

std::string hexList(const std::vector<double> &values)
{
    std::string out = "[";
    for (const double value : values)
        out += (out.size() > 1 ? ", " : "") + tomlString(hexFloat(value));
    return out + "]";
}

} // namespace

std::string tomlString(const std::string &text)
{
    std::string out = "\"";
    for (std::string_view rest = text; !rest.empty();) {
        const std::size_t valid = utf8Length(rest);
        const std::string_view character = rest.substr(0, std::max<std::size_t>(valid, 1));
        if (character == "\"" || character == "\\")
            out += "\\" + std::string(character);
        else if (valid > 0 && printable(character) != character)
            out += fmt::format("\\u{:04X}", static_cast<unsigned>(codePoint(character)));
        else
            out += character;
        rest.remove_prefix(character.size());
    }
    return out + "\"";
}

std::string tomlValue(const std::string &text)
{
    if (text.starts_with('[') && text.ends_with(']'))
        return tomlList(std::string_view(text).substr(1, text.size() - 2));
    return text == "true" || text == "false" || isTomlNumber(text) ? text : tomlString(text);
}

TomlKeys tomlKeys(const RecipeQuantizer &entry)
{
    TomlKeys keys{{"match", tomlString(entry.match)}};
    const auto add = [&](const char *key, const auto &value, auto toText) {
        if (value)
            keys.emplace_back(key, toText(*value));
    };
    const auto number = [](double value) { return shortest(value); };
    if (entry.slot)
        keys.emplace_back("slot", tomlString(std::string(slotName(*entry.slot))));
    add("preset", entry.preset, tomlString);
    add("own_class", entry.ownClass, tomlString);
    add("shared_with", entry.sharedWith, tomlString);
    add("scale_shared_with", entry.scaleSharedWith, tomlString);
    add("threshold_shared_with", entry.thresholdSharedWith, tomlString);
    for (const auto &[keyword, value] : entry.overrides)
        keys.emplace_back(keyword, tomlValue(value));
    add("input", entry.input, tomlString);
    add("input_scale", entry.inputScale, number);
    add("input_bit_width", entry.inputBitWidth, number);
    add("input_signed", entry.inputSigned, truth);
    if (entry.assumed)
        keys.emplace_back("assumed", "true");
    return keys;
}

TomlKeys tomlKeys(const RecipeProof &proof)
{
    TomlKeys keys{{"layer", tomlString(proof.layer)}, {"slot", tomlString(std::string(slotName(proof.slot)))}};
    const auto add = [&](const char *key, const auto &value, auto toText) {
        if (value)
            keys.emplace_back(key, toText(*value));
    };
    add("bit_width", proof.bitWidth, [](double value) { return shortest(value); });
    add("signed", proof.isSigned, truth);
    add("scale", proof.scale, hexList);
    add("zero_point", proof.zeroPoint, hexList);
    add("codes_sha256_i32", proof.codesSha256, tomlString);
    add("from", proof.from, tomlString);
    return keys;
}

TomlKeys tomlKeys(const RecipeLayer &entry)
{
    TomlKeys keys{{"match", tomlString(entry.match)}};
    if (entry.kind)
        keys.emplace_back("kind", tomlString(*entry.kind));
    if (entry.groups)
        keys.emplace_back("groups", std::to_string(*entry.groups));
    if (entry.stride)
        keys.emplace_back("stride", std::to_string(*entry.stride));
    if (entry.batchNorm)
        keys.emplace_back("batch_norm", tomlString(*entry.batchNorm));
    if (entry.epsilon)
        keys.emplace_back("epsilon", shortest(*entry.epsilon));
    return keys;
}

std::string tomlTexts(const std::vector<std::string> &texts)
{
    std::string out = "[";
    for (const std::string &text : texts)
        out += (out.size() > 1 ? ", " : "") + tomlString(text);
    return out + "]";
}

std::string checksToml(const Recipe &recipe)
{
    return recipe.mutes.empty() ? std::string() : fmt::format("[checks]\nmute = {}\n", tomlTexts(recipe.mutes));
}

std::string recipeText(const Recipe &recipe)
{
    std::string out;
    if (recipe.brevitas)
        out = fmt::format("brevitas = {}\n", tomlString(*recipe.brevitas));
    const auto add = [&](const char *heading, const auto &entries) {
        for (const auto &entry : entries) {
            out += fmt::format("{}[[{}]]\n", out.empty() ? "" : "\n", heading);
            for (const auto &[key, value] : tomlKeys(entry))
                out += fmt::format("{} = {}\n", key, value);
        }
    };
    add("layer", recipe.layers);
    add("quantizer", recipe.quantizers);
    add("proof", recipe.proofs);
    const std::string checks = checksToml(recipe);
    return out.empty() || checks.empty() ? out + checks : out + "\n" + checks;
}

} // namespace quantscope
