#include "run/data_choice.h"

#include <algorithm>

namespace quantscope {

namespace {

template <class Matches> std::optional<SampleArray> onlyOne(const std::vector<SampleArray> &arrays, Matches matches)
{
    const auto first = std::ranges::find_if(arrays, matches);
    if (first == arrays.end() || std::find_if(first + 1, arrays.end(), matches) != arrays.end())
        return std::nullopt;
    return *first;
}

/// A graph with several inputs takes each from the array of its name: the file as a whole.
std::optional<SampleArray> allInputs(const std::vector<SampleArray> &arrays, const std::vector<std::string> &inputs)
{
    const auto isThere = [&](const std::string &input) {
        return std::ranges::find(arrays, input, &SampleArray::name) != arrays.end();
    };
    if (inputs.size() < 2 || !std::ranges::all_of(inputs, isThere))
        return std::nullopt;
    SampleArray out = *std::ranges::find(arrays, inputs.front(), &SampleArray::name);
    out.place = samplePath(out.place);
    return out;
}

} // namespace

ProposedData proposedData(const std::vector<SampleArray> &arrays, const std::vector<std::string> &inputs)
{
    ProposedData out;
    const auto isInput
        = [&](const SampleArray &array) { return std::ranges::find(inputs, array.name) != inputs.end(); };
    out.samples = allInputs(arrays, inputs);
    if (!out.samples)
        out.samples = onlyOne(arrays, isInput);
    if (!out.samples)
        out.samples = onlyOne(arrays, [](const SampleArray &array) {
            return elementCount(array.shape) > static_cast<std::uint64_t>(array.shape.front());
        });
    if (!out.samples && arrays.size() == 1)
        out.samples = arrays.front();
    if (out.samples)
        out.labels = onlyOne(arrays, [&](const SampleArray &array) {
            return array.name != out.samples->name && !isInput(array) && array.canBeLabels()
                && array.shape.front() == out.samples->shape.front();
        });
    return out;
}

Result<DataSummary> dataSummary(const RunData &data, const std::vector<std::string> &inputs)
{
    const auto samples = SampleFile::open(data.samples, inputs.empty() ? std::string() : inputs.front());
    if (!samples)
        return tl::unexpected(samples.error());
    DataSummary out{samples->shape(), samples->dtype(), data.labels.has_value()};
    if (data.labels)
        if (const auto labels = readLabels(*data.labels, out.samples()); !labels)
            return tl::unexpected(labels.error());
    return out;
}

} // namespace quantscope
