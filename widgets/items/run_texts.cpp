#include "items/run_texts.h"

#include "base/file_name.h"
#include "base/text.h"
#include "items/text.h"

#include <QStringList>

#include <cmath>
#include <span>

using namespace Qt::StringLiterals;

namespace quantscope {

QString placeText(const std::string &place)
{
    const std::string path = samplePath(place);
    return shownText(fileName(path) + place.substr(path.size()));
}

QString samplesText(const DataSummary &summary)
{
    const auto sample = std::span(summary.shape).subspan(1);
    return countText(summary.samples(), u"sample"_s) + u" · "_s
        + (sample.empty() ? u"one number each"_s : qs(shapeText(sample))) + u" · "_s + qs(dtypeName(summary.dtype));
}

QString menuText(const SampleArray &array)
{
    QString text = placeText(array.place) + u"    "_s + qs(shapeText(array.shape)) + u" · "_s;
    return text.append(qs(dtypeName(array.dtype))).replace(u'&', u"&&"_s);
}

QString accuracyText(double accuracy) { return fixedText(100.0 * accuracy, 2) + u" %"_s; }

QString accuracyChangeText(double change)
{
    const QString size = fixedText(100.0 * std::abs(change), 2);
    return change == 0 ? u"±0"_s : (change < 0 ? u"−"_s : u"+"_s) + size;
}

QString accuracyTip(const RunResult &result)
{
    return u"%1 of %2 samples right: their largest value of the first output stands at the label"_s.arg(
        groupedText(result.correct.value_or(0)), groupedText(result.samples));
}

static QString joinedNotes(const RunResult &result, const QString &between)
{
    QStringList lines;
    for (const std::string &note : result.notes)
        lines << shownText(note);
    return lines.join(between);
}

QString notesText(const RunResult &result) { return joinedNotes(result, u" · "_s); }

QString notesTip(const RunResult &result) { return joinedNotes(result, u"\n"_s); }

QString accuracyChangeTip(double openedAccuracy)
{
    return u"percentage points against the quantizers that the file was opened with, which give %1 on the same data"_s
        .arg(accuracyText(openedAccuracy));
}

} // namespace quantscope
