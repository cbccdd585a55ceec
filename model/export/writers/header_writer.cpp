#include "export/writers/header_writer.h"

#include "base/text.h"
#include "export/code_lines.h"
#include "export/code_text.h"
#include "export/identifier.h"
#include "export/writers/fixed_helper.h"
#include "export/writers/header_comment.h"

#include <charconv>

#include <fmt/format.h>

namespace quantscope {

namespace {

/// Clang alone warns of constants that only sizeof names, and only when the header itself is what it compiles.
constexpr std::string_view kUnusedMacro = "#ifndef QUANTSCOPE_UNUSED\n"
                                          "#ifdef __clang__\n"
                                          "#define QUANTSCOPE_UNUSED __attribute__((unused))\n"
                                          "#else\n"
                                          "#define QUANTSCOPE_UNUSED\n"
                                          "#endif\n"
                                          "#endif\n";

/// 9 significant digits bring every float32 back; hexadecimal literals are an error in C++11 and 14.
std::string floatLiteral(float value)
{
    char text[32];
    const auto end = std::to_chars(text, text + sizeof text, value, std::chars_format::scientific, 8).ptr;
    return std::string(text, end) + "f";
}

std::optional<std::string> writeArray(const ExportArray &array, TextSink &sink, const CodesWritten &written)
{
    sink.write(arrayDefines(array));
    if (array.table)
        sink.write(scaleTables(array));
    sink.write(fmt::format(
        "static const {0} {1}_raw[{1}_COUNT] QUANTSCOPE_UNUSED = {{\n", array.containerType(), array.symbol));
    CodeText text(array.containerBits(), array.count);
    const auto linesOf
        = [&](std::uint64_t begin, std::span<const std::int64_t> codes) { return text.lines(begin, codes); };
    const auto hash = writeCodeLines(array, CodeText::kPerLine, linesOf, sink, written);
    // Naming the array here counts as a use, so that GCC does not warn of an unused constant.
    sink.write(
        fmt::format("}};\ntypedef char {0}_raw_check[sizeof({0}_raw) == {0}_COUNT * sizeof({0}_raw[0]) ? 1 : -1];\n",
            array.symbol));
    return hash;
}

} // namespace

std::string includeGuard(const PlannedFile &file) { return "QUANTSCOPE_" + upperAscii(file.layer->identifier) + "_H"; }

std::string arrayDefines(const ExportArray &array)
{
    std::string out = "\n";
    const auto define = [&](std::string_view name, std::int64_t value) {
        const std::string number = value < 0 ? fmt::format("({})", value) : fmt::format("{}", value);
        out += fmt::format("#define {}_{} {}\n", array.symbol, name, number);
    };
    define("COUNT", static_cast<std::int64_t>(array.count));
    define("W", array.width);
    if (array.fixed) {
        define("I", array.fixed->integerBits);
        define("F", array.fixed->fractionBits());
    }
    define("SIGNED", array.isSigned ? 1 : 0);
    for (std::size_t k = 0; k < array.layout.dims.size(); ++k)
        define(fmt::format("DIM{}", k), array.layout.dims[k]);
    if (array.table)
        define("SCALE_AXIS", array.table->axis);
    if (array.table && array.table->block)
        define("SCALE_BLOCK", *array.table->block);
    return out + "\n";
}

std::string scaleTables(const ExportArray &array)
{
    const ScaleTable &table = *array.table;
    const std::size_t count = table.scale.size();
    std::string out = fmt::format("static const float {}_scale[{}] QUANTSCOPE_UNUSED = {{\n", array.symbol, count);
    for (std::size_t c = 0; c < count; ++c)
        out += fmt::format(
            "    {}{} /* {} */\n", floatLiteral(table.scale[c]), c + 1 < count ? "," : "", hexFloat(table.scale[c]));
    out += fmt::format(
        "}};\nstatic const {} {}_zero_point[{}] QUANTSCOPE_UNUSED = {{\n", array.containerType(), array.symbol, count);
    out += CodeText(array.containerBits(), count).lines(0, table.zeroPoint);
    out += "};\n";
    for (const std::string_view name : {"scale", "zero_point"})
        out += fmt::format("typedef char {0}_{1}_check[sizeof({0}_{1}) == {2} * sizeof({0}_{1}[0]) ? 1 : -1];\n",
            array.symbol, name, count);
    return out + "\n";
}

std::string fixedPointView(const PlannedFile &file)
{
    std::string view;
    for (const ExportArray &array : file.arrays)
        if (array.fixed)
            view += fmt::format(
                "typedef QUANTSCOPE_FIXED({1}, {2}, {3}) {0}_t;\n"
                "static inline {0}_t {0}(unsigned i) {{ return quantscope_from_raw<{0}_t, {1}>({0}_raw[i]); }}\n",
                array.symbol, array.fixed->width, array.fixed->integerBits, array.isSigned);
    if (view.empty())
        return {};
    return fmt::format(
        "\n"
        "/* Fixed-point view: define QUANTSCOPE_AP (ap_fixed), QUANTSCOPE_AC (ac_fixed) or QUANTSCOPE_SC (sc_fixed) "
        "and\n"
        " * include that library first. It has its own guard, so that a later inclusion with the macro still gets it. "
        "*/\n"
        "#if defined(__cplusplus) && (defined(QUANTSCOPE_AP) || defined(QUANTSCOPE_AC) || defined(QUANTSCOPE_SC))\n"
        "#ifndef {0}_FIXED_VIEW\n"
        "#define {0}_FIXED_VIEW\n"
        "#include \"{1}\"\n"
        "{2}"
        "#endif\n"
        "#endif\n",
        includeGuard(file), kFixedHelperName, view);
}

CodeHashes writeHeader(const PlannedFile &file, const SourceFacts &source, TextSink &sink, const CodesWritten &written)
{
    const std::string guard = includeGuard(file);
    sink.write(headerComment(file, source));
    sink.write(fmt::format("#ifndef {0}\n#define {0}\n\n#include <stdint.h>\n\n{1}", guard, kUnusedMacro));
    CodeHashes hashes;
    for (const ExportArray &array : file.arrays)
        hashes.push_back(sink.full() ? std::nullopt : writeArray(array, sink, written));
    sink.write(fmt::format("\n#endif /* {} */\n", guard));
    sink.write(fixedPointView(file));
    return hashes;
}

} // namespace quantscope
