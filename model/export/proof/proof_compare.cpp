#include "export/proof/proof_compare.h"

#include "base/text.h"
#include "export/proof/model_codes.h"
#include "export/proof/proof_error.h"

#include <bit>
#include <cstring>
#include <fstream>

#include <fmt/format.h>

namespace quantscope {

namespace {

/// What a program wrote, read forwards.
class DumpReader {
public:
    explicit DumpReader(const std::string &path)
        : m_in(path, std::ios::binary)
    {
    }

    std::int64_t number(const std::string &what)
    {
        std::int64_t value = 0;
        take(&value, sizeof value, what);
        return value;
    }
    void expect(const std::string &what, std::int64_t expected)
    {
        if (const std::int64_t found = number(what); found != expected)
            throw ProofError(fmt::format("{}: the header says {}, the model says {}", what, found, expected));
    }
    template <class T> std::vector<T> array(const std::string &what, std::uint64_t count)
    {
        expect("the size of " + what, static_cast<std::int64_t>(count * sizeof(T)));
        std::vector<T> out(count);
        take(out.data(), count * sizeof(T), what);
        return out;
    }
    void expectEnd()
    {
        if (m_in.peek() != std::ifstream::traits_type::eof())
            throw ProofError("the compiled header holds more than the model");
    }

private:
    void take(void *to, std::uint64_t bytes, const std::string &what)
    {
        if (!m_in.read(static_cast<char *>(to), static_cast<std::streamsize>(bytes)))
            throw ProofError("the compiled header ends before " + what);
    }
    std::ifstream m_in;
};

template <class T> void compareCodes(const ExportArray &array, DumpReader &dump, const CodesWritten &step)
{
    const std::string name = array.symbol + "_raw";
    const std::vector<T> raw = dump.array<T>(name, array.count);
    visitModelCodes(array, step, [&](std::uint64_t source, std::int64_t code, std::uint64_t position) {
        if (static_cast<std::int64_t>(raw[position]) != code)
            throw ProofError(fmt::format("{}[{}], element {} of the tensor: the header says {}, the model says {}",
                name, position, source, raw[position], code));
    });
}

/// Where an element's scale stands in the table: its place along SCALE_AXIS (by blocks, in every axis, where there are
/// blocks).
std::uint64_t tablePosition(const ScaleTable &table, const Shape &dims, std::uint64_t position)
{
    std::vector<std::uint64_t> place(dims.size());
    for (std::size_t k = dims.size(); k-- > 0; position /= static_cast<std::uint64_t>(dims[k]))
        place[k] = position % static_cast<std::uint64_t>(dims[k]);
    if (table.axis < 0)
        return 0;
    const auto axis = static_cast<std::size_t>(table.axis);
    if (!table.block)
        return place[axis];
    std::uint64_t index = 0;
    for (std::size_t k = 0; k < dims.size(); ++k)
        index = index * static_cast<std::uint64_t>(table.dims[k])
            + (k == axis ? place[k] / static_cast<std::uint64_t>(*table.block) : place[k]);
    return index;
}

template <class T> void compareTables(const ExportArray &array, DumpReader &dump)
{
    const ScaleTable &table = *array.table;
    const std::vector<float> scales = dump.array<float>(array.symbol + "_scale", table.scale.size());
    const std::vector<T> zeros = dump.array<T>(array.symbol + "_zero_point", table.scale.size());
    const CodeReader reader(*array.slot);
    const Shape &shape = array.slot->tensor->shape;
    for (std::uint64_t element = 0; element < array.count;) {
        const CodeReader::Run run = reader.runAt(element);
        const CodeParameters model = reader.parameters(run.channel);
        const std::uint64_t at = tablePosition(table, array.layout.dims, array.layout.exportedIndex(element, shape));
        if (std::bit_cast<std::uint32_t>(scales.at(at)) != std::bit_cast<std::uint32_t>(model.scale))
            throw ProofError(fmt::format("{}_scale[{}]: the header says {}, the model says {}", array.symbol, at,
                hexFloat(scales[at]), hexFloat(model.scale)));
        if (static_cast<double>(zeros.at(at)) != static_cast<double>(model.zeroPoint))
            throw ProofError(fmt::format("{}_zero_point[{}]: the header says {}, the model says {}", array.symbol, at,
                zeros[at], model.zeroPoint));
        element += run.length;
    }
}

template <class T> void compareArray(const ExportArray &array, DumpReader &dump, const CodesWritten &step)
{
    const std::string &p = array.symbol;
    const Quantizer &quantizer = *array.slot->quantizer;
    dump.expect(p + "_COUNT", static_cast<std::int64_t>(elementCount(array.slot->tensor->shape)));
    dump.expect(p + "_W", quantizer.wordBits());
    dump.expect(p + "_SIGNED", quantizer.kind == QuantizerKind::Binary || *quantizer.isSigned ? 1 : 0);
    if (const auto fixed = fixedType(quantizer)) {
        dump.expect(p + "_I", fixed->integerBits);
        dump.expect(p + "_F", fixed->fractionBits());
    }
    for (std::size_t k = 0; k < array.layout.dims.size(); ++k)
        dump.expect(fmt::format("{}_DIM{}", p, k), array.slot->tensor->shape[array.layout.axes[k]]);
    if (array.table)
        dump.expect(p + "_SCALE_AXIS", array.table->axis);
    if (array.table && array.table->block)
        dump.expect(p + "_SCALE_BLOCK", *quantizer.blockSize);
    compareCodes<T>(array, dump, step);
    if (array.table)
        compareTables<T>(array, dump);
}

void compareTyped(const ExportArray &array, DumpReader &dump, const CodesWritten &step)
{
    switch (array.containerBits() * (array.isSigned ? 1 : -1)) {
    case 8: return compareArray<std::int8_t>(array, dump, step);
    case -8: return compareArray<std::uint8_t>(array, dump, step);
    case 16: return compareArray<std::int16_t>(array, dump, step);
    case -16: return compareArray<std::uint16_t>(array, dump, step);
    case 32: return compareArray<std::int32_t>(array, dump, step);
    case -32: return compareArray<std::uint32_t>(array, dump, step);
    case 64: return compareArray<std::int64_t>(array, dump, step);
    default: return compareArray<std::uint64_t>(array, dump, step);
    }
}

} // namespace

void compareRaw(std::span<const FileToProve> headers, const std::string &outputPath, const CodesWritten &step)
{
    DumpReader dump(outputPath);
    for (const FileToProve &h : headers) {
        if (h.begin)
            h.begin("comparing", 0);
        for (const ExportArray &array : h.file->arrays)
            compareTyped(array, dump, step);
    }
    dump.expectEnd();
}

void compareSystemC(std::span<const FileToProve> headers, const std::string &outputPath, const CodesWritten &step)
{
    DumpReader dump(outputPath);
    for (const FileToProve &h : headers)
        for (const ExportArray &array : h.file->arrays) {
            const auto fixed = fixedType(*array.slot->quantizer);
            if (!fixed)
                continue;
            dump.expect("the width of " + array.symbol + "_t", fixed->width);
            dump.expect("the integer bits of " + array.symbol + "_t", fixed->integerBits);
            std::vector<std::int64_t> values(array.count);
            for (std::int64_t &value : values)
                value = dump.number(array.symbol);
            visitModelCodes(array, step, [&](std::uint64_t source, std::int64_t code, std::uint64_t position) {
                if (values[position] != code)
                    throw ProofError(fmt::format(
                        "{}({}) in SystemC, element {} of the tensor: the header gives {} * 2^{}, the model {}",
                        array.symbol, position, source, values[position], -fixed->fractionBits(), code));
            });
        }
    dump.expectEnd();
}

} // namespace quantscope
