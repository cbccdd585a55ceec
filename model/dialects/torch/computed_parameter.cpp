#include "dialects/torch/computed_parameter.h"

#include "base/text.h"
#include "dialects/torch/element_factors.h"
#include "tensor/element.h"

#include <algorithm>
#include <cstring>
#include <mutex>
#include <span>

#include <fmt/format.h>

namespace quantscope {

namespace {

using Rule = Reparametrization::Rule;

/// The type of the result by torch's promotion; float64 is computed as float32.
DType resultType(const ModelFile &file, const Reparametrization &parameter)
{
    const auto isShort = [](DType dtype) { return dtype == DType::Float16 || dtype == DType::BFloat16; };
    const DType dtype = file.tensors[parameter.tensors.front()].dtype;
    const bool same = std::ranges::all_of(parameter.tensors, [&](std::size_t i) {
        const TensorInfo &tensor = file.tensors[i];
        return tensor.dtype == dtype || tensor.shape.empty() || !isFloating(tensor.dtype);
    });
    return isShort(dtype) && same ? dtype : DType::Float32;
}

/// Elements of another tensor times or divided by something: computed in float32, rounded once to the type of the
/// result.
class ComputedSource : public ByteSource {
public:
    ComputedSource(std::shared_ptr<const ModelFile> file, const Reparametrization &parameter)
        : m_file(std::move(file))
        , m_parameter(parameter)
        , m_dtype(resultType(*m_file, parameter))
    {
    }
    std::uint64_t size() const override { return first().count() * bytes(); }
    void read(std::uint64_t offset, std::span<std::byte> out) const override;

private:
    const TensorInfo &tensor(std::size_t i) const { return m_file->tensors[m_parameter.tensors.at(i)]; }
    const TensorInfo &first() const { return tensor(0); }
    std::uint64_t bytes() const { return dtypeBits(m_dtype) / 8; }
    void apply(std::uint64_t begin, std::span<float> values) const;
    /// One value for the whole tensor, or one for each slice of an axis.
    const ElementFactors &factors() const;

    std::shared_ptr<const ModelFile> m_file;
    Reparametrization m_parameter;
    DType m_dtype;
    mutable std::once_flag m_once;
    mutable ElementFactors m_factors;
};

void ComputedSource::read(std::uint64_t offset, std::span<std::byte> out) const
{
    if (offset > size() || out.size() > size() - offset)
        throw ParseError("a computed tensor is read behind its end");
    const std::uint64_t begin = offset / bytes(), end = (offset + out.size() + bytes() - 1) / bytes();
    std::vector<float> values(end - begin);
    TensorReader(first()).floats(begin, values);
    apply(begin, values);
    std::vector<std::uint16_t> narrow(m_dtype == DType::Float32 ? 0 : values.size());
    std::transform(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(narrow.size()), narrow.begin(),
        [&](float value) { return m_dtype == DType::Float16 ? floatToHalf(value) : floatToBfloat16(value); });
    const auto computed = narrow.empty() ? std::as_bytes(std::span(values)) : std::as_bytes(std::span(narrow));
    std::memcpy(out.data(), computed.data() + offset % bytes(), out.size());
}

void ComputedSource::apply(std::uint64_t begin, std::span<float> values) const
{
    if (m_parameter.rule == Rule::Masked) {
        std::vector<float> mask(values.size());
        TensorReader(tensor(1)).floats(begin, mask);
        for (std::size_t i = 0; i < values.size(); ++i)
            values[i] *= mask[i];
        return;
    }
    const ElementFactors &by = factors();
    for (std::size_t i = 0; i < values.size(); ++i)
        values[i]
            = m_parameter.rule == Rule::SpectralNorm ? values[i] / by.at(begin + i) : values[i] * by.at(begin + i);
}

const ElementFactors &ComputedSource::factors() const
{
    std::call_once(m_once, [&] {
        if (m_parameter.rule == Rule::WeightNorm)
            m_factors = weightNormFactors(first(), tensor(1));
        else if (m_parameter.rule == Rule::BatchNormed)
            m_factors = batchNormFactors(first(), tensor(1), tensor(2));
        else
            m_factors = spectralNorm(first(), tensor(1), tensor(2));
    });
    return m_factors;
}

std::string problemOf(const ModelFile &file, const Reparametrization &parameter)
{
    const auto nameOf = [&](std::size_t i) { return printable(file.tensors[i].name); };
    if (parameter.rule == Rule::Unknown)
        return fmt::format("is computed from {} by code that is not in the file, so that it is not known",
            nameOf(parameter.tensors.front()));
    for (const std::size_t i : parameter.tensors) {
        const TensorInfo &tensor = file.tensors[i];
        if (!tensor.problem.empty())
            return fmt::format("is computed from {}, which {}", nameOf(i), tensor.problem);
        if (!isFloating(tensor.dtype) && !(parameter.rule == Rule::Masked && i != parameter.tensors.front()))
            return fmt::format("is computed from {}, which is {} and no float", nameOf(i), dtypeName(tensor.dtype));
    }
    return {};
}

} // namespace

std::shared_ptr<const TensorInfo> computedParameter(
    const std::shared_ptr<const ModelFile> &file, const Reparametrization &parameter)
{
    const TensorInfo &first = file->tensors[parameter.tensors.front()];
    if (parameter.rule == Rule::Unmasked)
        return {file, &first};
    auto out = std::make_shared<TensorInfo>();
    out->name = parameter.name;
    out->dtype = resultType(*file, parameter);
    out->shape = first.shape;
    out->problem = problemOf(*file, parameter);
    if (!out->problem.empty())
        return out;
    out->storage.source = std::make_shared<ComputedSource>(file, parameter);
    out->storage.bytes = out->storage.source->size();
    return out;
}

std::string computedText(const ModelFile &file, const Reparametrization &parameter)
{
    std::vector<std::string> names;
    for (const std::size_t i : parameter.tensors)
        names.push_back(printable(file.tensors[i].name));
    constexpr std::string_view kLastBit = "; its last bit depends on the order of addition";
    switch (parameter.rule) {
    case Rule::Masked: return fmt::format("{} * {}", names[0], names[1]);
    case Rule::WeightNorm: return fmt::format("{0} * ({1} / norm of {0}){2}", names[0], names[1], kLastBit);
    case Rule::SpectralNorm:
        return fmt::format(
            "{} / sigma, its largest singular value by {} and {}{}", names[0], names[1], names[2], kLastBit);
    case Rule::BatchNormed:
        return fmt::format(
            "{} * ({} / sqrt({} + 1e-05)), with the default epsilon, which is assumed", names[0], names[1], names[2]);
    case Rule::Unmasked:
    case Rule::Unknown: break;
    }
    return {};
}

} // namespace quantscope
