#pragma once

#include "graph/model_file.h"
#include "run/run_request.h"
#include "run/sample_file.h"

#include <string>
#include <vector>

#include <ATen/core/TensorBody.h>

namespace quantscope {

/// One input of the graph and where its samples come from.
struct RunInput {
    std::string name;
    DType type = DType::Float32; ///< of the graph's input
    Shape sample; ///< shape of one sample as the graph takes it, without the axis of samples
    SampleFile file;
};

/// The data of a run.
class RunInputs {
public:
    /// `inputs` are values of the file's graph. Errors: as SampleFile::open and readLabels; Usage: samples of another
    /// shape than the graph takes, inputs with different numbers of samples.
    static Result<RunInputs> open(const ModelFile &file, const std::vector<ValueId> &inputs, const RunData &data);

    std::uint64_t samples() const { return m_samples; }
    const std::vector<std::int64_t> &labels() const { return m_labels; }
    const std::string &labelsPath() const { return m_labelsPath; }
    /// The number of samples that the graph fixes; 0 where it takes any.
    std::uint64_t fixedBatch() const { return m_fixedBatch; }
    /// As many as are worth running at once where the graph takes any.
    std::uint64_t usualBatch() const;
    /// Samples [begin, begin + count), and copies of the last up to `batch`. Errors (Parse), of the file of the data.
    Result<std::vector<at::Tensor>> read(std::uint64_t begin, std::uint64_t count, std::uint64_t batch);

private:
    std::vector<RunInput> m_inputs;
    std::vector<std::int64_t> m_labels;
    std::string m_labelsPath;
    std::uint64_t m_samples = 0, m_fixedBatch = 0;
};

} // namespace quantscope
