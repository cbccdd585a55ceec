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

QString memoryText(std::uint64_t megabytes)
{
    if (megabytes == 0)
        return u"nothing"_s;
    return megabytes % 1000 == 0 ? groupedText(megabytes / 1000) + u" GB"_s : groupedText(megabytes) + u" MB"_s;
}

QString memoryTip(std::uint64_t megabytes)
{
    if (megabytes == 0)
        return u"Nothing of what flowed is kept: every run computes the whole network, and gives the same results"_s;
    return u"Up to %1 of what flowed through the network stay in quantscope-torch between two runs, what is needed "
           u"last "
           "in the network the longest: a change there then computes only what follows it. Results are the same with "
           "any amount. From the next run on"_s.arg(memoryText(megabytes));
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
