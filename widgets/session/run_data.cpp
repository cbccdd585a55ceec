#include "session/run_data.h"

#include "items/text.h"
#include "run/sample_file.h"
#include "session/settings.h"

#include <QDir>
#include <QFileInfo>

using namespace Qt::StringLiterals;

namespace quantscope {

static std::optional<RunData> dataOfSamples(const QString &modelPath)
{
    const QFileInfo model(modelPath);
    const QString digits = model.dir().filePath(u"digits_test.npz"_s);
    if (!model.fileName().startsWith(u"digits_") || !QFileInfo::exists(digits))
        return std::nullopt;
    return RunData{str(digits + u":images"_s), str(digits + u":labels"_s), {}};
}

std::optional<RunData> runDataOf(const QString &modelPath)
{
    const auto choice = Settings::dataChoice(modelPath);
    if (!choice)
        return dataOfSamples(modelPath);
    if (choice->first.isEmpty())
        return std::nullopt;
    RunData out{str(choice->first), {}, {}};
    if (!choice->second.isEmpty())
        out.labels = str(choice->second);
    return out;
}

RunData runDataAt(const QString &samples, const QString &labels)
{
    const auto absolute = [](const QString &place) {
        const std::string path = samplePath(str(place));
        return str(QFileInfo(qs(path)).absoluteFilePath()) + str(place).substr(path.size());
    };
    RunData out{absolute(samples), {}, {}};
    if (!labels.isEmpty())
        out.labels = absolute(labels);
    return out;
}

void rememberRunData(const QString &modelPath, const std::optional<RunData> &data)
{
    Settings::setDataChoice(
        modelPath, data ? qs(data->samples) : QString(), data ? qs(data->labels.value_or("")) : QString());
}

} // namespace quantscope
