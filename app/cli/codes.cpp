#include "codes.h"

#include "analysis/find.h"
#include "base/parse_number.h"
#include "base/text.h"
#include "commands.h"
#include "open/open_network.h"
#include "quant/code_reader.h"
#include "quant/fixed_point.h"

#include <fmt/format.h>

namespace quantscope::cli {

namespace {

constexpr std::uint64_t kChunk = 1ull << 16;

Error usage(const std::string &file, const std::string &message)
{
    return {ErrorKind::Usage, file, std::nullopt, message};
}

/// "a:b", "a:" or ":b", half-open, in flat row-major indices.
Result<std::pair<std::uint64_t, std::uint64_t>> parseRange(const CodesArguments &arguments, std::uint64_t count)
{
    std::uint64_t begin = 0, end = count;
    const std::string &text = arguments.range;
    const auto colon = text.find(':');
    const auto number = [](std::string_view part, std::uint64_t &out) {
        const auto value = part.empty() ? out : parseNumber<std::uint64_t>(part);
        out = value.value_or(out);
        return value.has_value();
    };
    if (!text.empty()
        && (colon == std::string::npos || !number(std::string_view(text).substr(0, colon), begin)
            || !number(std::string_view(text).substr(colon + 1), end)))
        return tl::unexpected(usage(arguments.file, fmt::format("--range {} is not of the form a:b", text)));
    if (begin > end || end > count)
        return tl::unexpected(usage(arguments.file, fmt::format("--range {} does not lie in 0:{}", text, count)));
    return std::pair(begin, end);
}

Result<const SlotQuantizer *> findSlot(const Network &network, const CodesArguments &arguments)
{
    const Layer *layer = network.layer(arguments.layer);
    if (layer == nullptr) {
        std::vector<std::string> names;
        for (const Layer &known : network.layers)
            names.push_back(known.name);
        return tl::unexpected(usage(
            arguments.file, fmt::format("has no layer \"{}\"{}", arguments.layer, didYouMean(arguments.layer, names))));
    }
    const SlotQuantizer *slot = layer->slot(arguments.slot);
    if (slot == nullptr || !slot->tensor) {
        std::vector<std::string> names;
        for (const SlotQuantizer &known : layer->slots)
            if (known.tensor)
                names.emplace_back(slotName(known.slot));
        return tl::unexpected(usage(arguments.file,
            fmt::format("layer \"{}\" has no tensor in slot \"{}\"{}", arguments.layer, arguments.slot,
                didYouMean(arguments.slot, names))));
    }
    if (slot->hasCodes() && !slot->hasValues() && arguments.as == "float")
        return tl::unexpected(usage(arguments.file,
            fmt::format("{} of layer \"{}\" has integers and no scale in the file, so their values are not known: "
                        "--as dec, hex and bin show the integers",
                arguments.slot, arguments.layer)));
    if (!slot->quantizer || !slot->quantizer->knowsCodes()) {
        if (const Diagnostic *problem = problemOf(network, {layer->id, slot->slot}))
            return tl::unexpected(usage(arguments.file, "has no codes for it: " + problem->text));
        if (!slot->tensor->problem.empty())
            return tl::unexpected(usage(
                arguments.file, fmt::format("has no codes for it: {}: {}", slot->tensorName, slot->tensor->problem)));
        return tl::unexpected(usage(arguments.file,
            fmt::format("{} of layer \"{}\" has no quantizer, so it has no codes", arguments.slot, arguments.layer)));
    }
    return slot;
}

/// How a slot's elements are written.
struct Form {
    std::string as;
    int bits = 0;
    std::optional<FixedType> type;

    Form(const SlotQuantizer &slot, std::string form)
        : as(std::move(form))
        , bits(slot.quantizer->wordBits())
        , type(fixedType(*slot.quantizer))
    {
    }
    std::string text(std::int64_t code, float value) const;
};

std::string Form::text(std::int64_t code, float value) const
{
    if (as == "float")
        return shortest(value);
    if (as == "hex")
        return hexWord(code, bits);
    if (as == "bin")
        return type ? binaryWord(code, bits, type->integerBits) : binaryDigits(code, bits);
    return std::to_string(code);
}

void printCodes(const SlotQuantizer &slot, const Form &form, std::uint64_t begin, std::uint64_t end)
{
    CodeReader reader(slot);
    std::vector<std::int64_t> codes;
    std::vector<float> values;
    for (std::uint64_t at = begin; at < end; at += kChunk) {
        const std::uint64_t count = std::min(kChunk, end - at);
        std::string out;
        if (form.as == "float") {
            values.resize(count);
            reader.values(at, values);
            for (const float value : values)
                out += form.text(0, value) + "\n";
        } else {
            codes.resize(count);
            reader.integers(at, codes);
            for (const std::int64_t code : codes)
                out += form.text(code, 0) + "\n";
        }
        print(out);
    }
}

/// The hits of a query, as index and value.
Result<void> printHits(
    const SlotQuantizer &slot, const FindQuery &query, const Form &form, std::uint64_t begin, std::uint64_t end)
{
    std::string out;
    const auto add = [&](std::uint64_t flat, std::int64_t code, float value) {
        out += fmt::format("{} {}\n", flat, form.text(code, value));
        if (out.size() >= kChunk) {
            print(out);
            out.clear();
        }
    };
    const auto done = visitElements(slot, query, begin, end, add);
    print(out);
    return done;
}

int find(const CodesArguments &arguments, const SlotQuantizer &slot, std::uint64_t begin, std::uint64_t end)
{
    const auto query = parseFindQuery(*arguments.where, slot);
    if (!query)
        return report(usage(arguments.file, "--where: " + query.error().message));
    auto done = printHits(slot, *query, Form(slot, arguments.as), begin, end);
    if (done)
        return 0;
    Error error = done.error();
    if (error.kind == ErrorKind::Parse)
        error.message = fmt::format("{}: {}", slot.tensorName, error.message);
    error.path = arguments.file;
    return report(error);
}

} // namespace

int run(const CodesArguments &arguments)
{
    const auto network = openNetwork(arguments.file, arguments.recipe, false, {}, arguments.part, arguments.quantInfo);
    if (!network)
        return report(network.error(), arguments.file);
    warnAboutRecipe(*network);
    const auto slot = findSlot(*network, arguments);
    if (!slot)
        return report(slot.error(), arguments.file);
    const auto range = parseRange(arguments, (*slot)->tensor->count());
    if (!range)
        return report(range.error(), arguments.file);
    if (arguments.where)
        return find(arguments, **slot, range->first, range->second);
    try {
        printCodes(**slot, Form(**slot, arguments.as), range->first, range->second);
    } catch (const ParseError &error) {
        return report({ErrorKind::Parse, arguments.file, error.offset(),
            fmt::format("{}: {}", (*slot)->tensorName, error.what())});
    }
    return 0;
}

} // namespace quantscope::cli
