#include "export/proof/proof_program.h"

#include <fmt/format.h>

namespace quantscope {

namespace {

std::string includes(std::span<const FileToProve> headers)
{
    std::string out;
    for (const FileToProve &h : headers)
        out += fmt::format("#include \"{}\"\n", h.file->name);
    return out;
}

/// A pointer of the promised type: another element type does not compile.
std::string dumpOf(const std::string &type, const std::string &name)
{
    return fmt::format("    {{\n        const {0} *data = {1};\n        number((long long)sizeof {1});\n"
                       "        bytes(data, sizeof {1});\n    }}\n",
        type, name);
}

std::string dumpArray(const ExportArray &array)
{
    const std::string &p = array.symbol;
    std::string out;
    const auto number = [&](const std::string &macro) { out += fmt::format("    number({}_{});\n", p, macro); };
    number("COUNT");
    number("W");
    number("SIGNED");
    if (array.fixed) {
        number("I");
        number("F");
    } else {
        out += fmt::format("#if defined({0}_I) || defined({0}_F)\n#error \"{0} has no binary point\"\n#endif\n", p);
    }
    if (!array.table)
        out += fmt::format("#ifdef {0}_SCALE_AXIS\n#error \"{0} has no scales\"\n#endif\n", p);
    for (std::size_t k = 0; k < array.layout.dims.size(); ++k)
        number(fmt::format("DIM{}", k));
    if (array.table)
        number("SCALE_AXIS");
    if (array.table && array.table->block)
        number("SCALE_BLOCK");
    out += dumpOf(array.containerType(), p + "_raw");
    if (array.table) {
        out += dumpOf("float", p + "_scale");
        out += dumpOf(array.containerType(), p + "_zero_point");
    }
    return out;
}

} // namespace

std::string proofProgramC(std::span<const FileToProve> headers)
{
    std::string out = "#include <stdio.h>\n" + includes(headers)
        + "static FILE *out;\n"
          "static int bad;\n"
          "static void bytes(const void *data, size_t size)\n"
          "{\n    if (fwrite(data, 1, size, out) != size)\n        bad = 1;\n}\n"
          "static void number(long long value)\n{\n    bytes(&value, sizeof value);\n}\n"
          "int main(int argc, char **argv)\n{\n"
          "    if (argc != 2 || (out = fopen(argv[1], \"wb\")) == NULL)\n        return 2;\n";
    for (const FileToProve &h : headers)
        for (const ExportArray &array : h.file->arrays)
            out += dumpArray(array);
    return out + "    if (fclose(out) != 0)\n        bad = 1;\n    return bad;\n}\n";
}

std::string proofProgramCxx(std::span<const FileToProve> headers)
{
    return includes(headers) + includes(headers) + "int main() { return 0; }\n";
}

std::string proofProgramSystemC(std::span<const FileToProve> headers)
{
    std::string calls;
    for (const FileToProve &h : headers)
        for (const ExportArray &array : h.file->arrays)
            if (array.fixed)
                calls += fmt::format("    dump<{0}_t>({0}_COUNT, {0}_F, {0});\n", array.symbol);
    if (calls.empty())
        return {};
    // The first inclusion is without the macro: the view must come with the second one all the same. Up to 53 bits the
    // value itself is asked for, as a double; wider ones show their bits.
    return includes(headers)
        + "#define SC_INCLUDE_FX\n#include <systemc.h>\n#include <cmath>\n#include <cstdio>\n#define QUANTSCOPE_SC\n"
        + includes(headers)
        + "static std::FILE *out;\n"
          "static bool bad = false;\n"
          "static void number(long long value) { bad = std::fwrite(&value, sizeof value, 1, out) != 1 || bad; }\n"
          "template <class T> static long long scaled(const T &value, int fraction)\n{\n"
          "    if (value.wl() <= 53) {\n"
          "        const double whole = std::ldexp(value.to_double(), fraction);\n"
          "        bad = whole != std::floor(whole) || bad;\n"
          "        return static_cast<long long>(whole);\n    }\n"
          "    unsigned long long bits = value.is_neg() && value.wl() < 64 ? ~0ull << value.wl() : 0;\n"
          "    for (int bit = 0; bit < value.wl(); ++bit)\n"
          "        bits |= static_cast<unsigned long long>(static_cast<bool>(value[bit])) << bit;\n"
          "    return static_cast<long long>(bits);\n}\n"
          "template <class T> static void dump(unsigned long long count, int fraction, T (*element)(unsigned))\n{\n"
          "    const T first = element(0);\n    number(first.wl());\n    number(first.iwl());\n"
          "    for (unsigned long long i = 0; i < count; ++i)\n"
          "        number(scaled(element(static_cast<unsigned>(i)), fraction));\n}\n"
          "int sc_main(int argc, char **argv)\n{\n"
          "    if (argc != 2 || (out = std::fopen(argv[1], \"wb\")) == nullptr)\n        return 2;\n"
        + calls + "    bad = std::fclose(out) != 0 || bad;\n    return bad ? 1 : 0;\n}\n";
}

} // namespace quantscope
