// The networks have members called slots.
#include "checks/rule_table.h"
#include "open/open_network.h"
#include "report/html/html_charts.h"
#include "report/html/html_layer.h"
#include "report/html/html_report.h"
#include "report/html/html_text.h"
#include "report/inspect.h"
#include "support/paths.h"
#include "support/program.h"
#include "support/state_file.h"

#include <QDir>
#include <QRegularExpression>
#include <QTemporaryDir>
#include <QXmlStreamReader>
#include <QtTest>

using namespace quantscope;
using namespace quantscope::test;

namespace {

QString reportOf(Network network)
{
    const auto inspection = quantscope::inspect(std::make_shared<const Network>(std::move(network)));
    const auto accumulators = accumulatorsOf(*inspection->network);
    const auto page = htmlReport(*inspection, check(*inspection, Target::Finn, &*accumulators), *accumulators);
    return page ? QString::fromStdString(*page) : QString::fromStdString(page.error().text());
}

/// The page as XML, which its own tags are: what is not closed or not escaped is an error.
QString faultOf(QString page)
{
    page.remove(QStringLiteral("<!DOCTYPE html>"));
    page.replace(QRegularExpression(QStringLiteral("<(meta|br)( [^>]*)?>")), QStringLiteral("<\\1\\2/>"));
    QXmlStreamReader reader(page);
    while (!reader.atEnd())
        reader.readNext();
    return reader.hasError() ? QStringLiteral("line %1: %2").arg(reader.lineNumber()).arg(reader.errorString())
                             : QString();
}

} // namespace

class TestHtmlReport : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void escapes_data();
    void escapes();
    void hostileNames();
    void samples_data();
    void samples();
    void accumulators();
    void charts();
    void program();
};

void TestHtmlReport::escapes_data()
{
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<QByteArray>("html");
    QTest::newRow("plain") << QByteArray("conv1.weight") << QByteArray("conv1.weight");
    QTest::newRow("tags") << QByteArray("<script>alert(1)</script>")
                          << QByteArray("&lt;script&gt;alert(1)&lt;/script&gt;");
    QTest::newRow("attributes") << QByteArray("\" onload='x'") << QByteArray("&quot; onload=&#39;x&#39;");
    QTest::newRow("entities") << QByteArray("&lt;&amp;") << QByteArray("&amp;lt;&amp;amp;");
    QTest::newRow("control") << QByteArray("a\nb\x1b[31m") << QByteArray("a\\x0ab\\x1b[31m");
    QTest::newRow("no UTF-8") << QByteArray("\xff\xfe<") << QByteArray("\\xff\\xfe&lt;");
    QTest::newRow("UTF-8") << QByteArray("\xc3\xa9") << QByteArray("\xc3\xa9");
}

void TestHtmlReport::escapes()
{
    QFETCH(QByteArray, text);
    QTEST(QByteArray::fromStdString(htmlText(text.toStdString())), "html");
}

/// Whatever a file calls its layers: it is text.
void TestHtmlReport::hostileNames()
{
    const std::string name = "</title><script>alert(1)</script><img src=x onerror='y'>";
    const QString page = reportOf(recoveredNetwork({weight(name, {2, 2})}, ""));
    QVERIFY(page.contains(u"&lt;script&gt;"));
    QVERIFY(!page.contains(u"<script") && !page.contains(u"<img"));
    QCOMPARE(faultOf(page), QString());
}

void TestHtmlReport::samples_data()
{
    QTest::addColumn<QString>("file");
    for (const char *file : {"digits_fixed.pt", "digits_float.pt", "digits_fixed_qcdq.onnx", "digits_fixed_qcdq.ts.pt"})
        QTest::newRow(file) << QString(file);
}

/// Well formed, the same each time, with nothing from elsewhere, and links that lead somewhere.
void TestHtmlReport::samples()
{
    QFETCH(QString, file);
    const auto network = openNetwork(sample(file.toStdString()));
    QVERIFY(network.has_value());
    const QString page = reportOf(*network);
    QCOMPARE(faultOf(page), QString());
    QCOMPARE(reportOf(*network), page);
    for (const char *foreign : {"http:", "https:", "<script", "<link", "<img", "url(", "@import", "src="})
        QVERIFY2(!page.contains(QString(foreign)), foreign);
    static const QRegularExpression link(QStringLiteral("href=\"#([^\"]+)\""));
    for (auto links = link.globalMatch(page); links.hasNext();) {
        const QString id = links.next().captured(1);
        QVERIFY2(page.contains(QStringLiteral("id=\"%1\"").arg(id)), qPrintable(id));
    }
    for (const Layer &layer : network->layers)
        QVERIFY(page.contains(QString::fromStdString(layer.name)));
    QVERIFY(page.contains(u"prefers-color-scheme: dark"));
    QVERIFY(page.contains(u"FINN"));
    if (file.startsWith(u"digits_fixed"))
        QVERIFY(page.contains(u"32 declared, 19 needed"));
    QVERIFY(page.count(QStringLiteral("<svg ")) >= 16); // codes and values of 4 weights and 4 biases
}

/// The part of the sums whole: a row of what is known, one that overflows, and why one is not known.
void TestHtmlReport::accumulators()
{
    Network network;
    network.file = std::make_shared<ModelFile>();
    const auto add = [&](const char *name, Slot slot) {
        Layer layer;
        layer.name = name;
        layer.slots.emplace_back().slot = slot;
        network.add(std::move(layer));
        return SlotId{network.layers.back().id, slot};
    };
    const SlotId q = add("a<b", Slot::Act), fc = add("fc", Slot::Weight), next = add("next", Slot::Weight);
    AccumulatorRange known;
    known.layer = fc.layer;
    known.input = q;
    known.min = -10;
    known.max = 1000;
    known.bitsNeeded = 11;
    known.channel = 2;
    known.biasIncluded = true;
    known.requantizations = {{q, {requantizationFactor(0x1p-7)}}, {q, {requantizationFactor(0x1p-3)}}};
    AccumulatorRange bound = known;
    bound.layer = next.layer;
    bound.bound = "x < y";
    bound.biasIncluded = false;
    bound.declaredBits = 10;
    bound.requantizations = {};
    const auto page = htmlReport({std::make_shared<const Network>(network), {}, {}}, {},
        {{known, bound}, {{q.layer, "its codes are not known"}}});
    QVERIFY(page.has_value());
    const QString all = QString::fromStdString(*page);
    const auto link = [&](const SlotId &id) {
        const Layer &layer = network.layer(id.layer);
        return QString::fromStdString("<a href=\"#" + htmlAnchor(layer) + "\">" + htmlText(layer.name) + "</a>");
    };
    const qsizetype begin = all.indexOf("<h2 id=\"accumulators\">"), end = all.indexOf("<h2>Quantizers</h2>");
    QVERIFY(begin > 0 && end > begin);
    QCOMPARE(all.mid(begin, end - begin),
        QStringLiteral(
            "<h2 id=\"accumulators\">Accumulators</h2>\n<div class=\"scroll\"><table><caption>The smallest and largest "
            "sum of weight code times input code, over all inputs that the quantizer lets through</caption><thead><tr>"
            "<th scope=\"col\">Layer</th><th scope=\"col\">Input</th><th scope=\"col\">Smallest</th>"
            "<th scope=\"col\">Largest</th><th scope=\"col\">Bits</th><th scope=\"col\">Channel</th>"
            "<th scope=\"col\">Bias</th><th scope=\"col\">Requantization</th></tr></thead>\n<tbody>\n"
            "<tr><th scope=\"row\">%1</th><td>a&lt;b</td><td>-10</td><td>1000</td><td>32 declared, 11 needed</td><td>2</td>"
            "<td>included</td><td>a&lt;b: x 2^-7, exact<br>a&lt;b: x 2^-3, exact</td></tr>\n"
            "<tr><th scope=\"row\">%2</th><td>a&lt;b</td><td>-10</td><td>1000</td><td><span class=\"overflow\">10 declared, "
            "at most 11 needed: it overflows</span></td><td>2</td><td>-</td><td></td></tr>\n</tbody></table></div>\n"
            "<p class=\"dim\">%2: at most, since x &lt; y</p>\n"
            "<p class=\"dim\">%3: not known: its codes are not known</p>\n")
            .arg(link(fc), link(next), link(q)));
}

void TestHtmlReport::charts()
{
    const std::string chart
        = htmlChart({"T", {{2, "two", false}, {0, "none", false}, {4, "four", true}}, "a", "b", "4"});
    QCOMPARE(QString::fromStdString(chart),
        QStringLiteral(
            R"(<figure><figcaption>T</figcaption><svg role="img" viewBox="0 0 400 120"><title>T</title>)"
            R"(<rect class="bar" x="0.00" y="60.00" width="120.00" height="44.00"><title>two</title></rect>)"
            R"(<rect class="bar end" x="266.67" y="16.00" width="120.00" height="88.00"><title>four</title></rect>)"
            R"(<line x1="0" y1="104" x2="400" y2="104"/><text x="0" y="11" text-anchor="start">4</text>)"
            R"(<text x="0" y="117" text-anchor="start">a</text><text x="400" y="117" text-anchor="end">b</text>)"
            "</svg></figure>\n"));
    QCOMPARE(htmlChart({"T", {{0, "none", false}}, "", "", ""}), std::string());
    QCOMPARE(htmlChart({"T", {}, "", "", ""}), std::string());
}

void TestHtmlReport::program()
{
    const QTemporaryDir folder;
    const QString page = folder.filePath("page.html"), model = QString::fromStdString(sample("digits_fixed.pt"));
    const Run run = runWith({"report", model, "--html", page});
    QCOMPARE(run.status, 0);
    QVERIFY(run.err.isEmpty());
    QFile file(page);
    QVERIFY(file.open(QIODevice::ReadOnly));
    const QByteArray text = file.readAll();
    QVERIFY(text.startsWith("<!DOCTYPE html>") && text.endsWith("</html>\n"));
    QCOMPARE(QDir(folder.path()).entryList(QDir::Files | QDir::Hidden), QStringList{"page.html"});
    const QString copy = folder.filePath("model.pt");
    QVERIFY(QFile::copy(model, copy));
    const Run over = runWith({"report", copy, "--html", copy});
    QCOMPARE(over.status, 2);
    QVERIFY(over.err.contains("name another file"));
    const QString recipe = folder.filePath("model.recipe.toml");
    QVERIFY(QFile::copy(QString::fromStdString(sample("digits_fixed.recipe.toml")), recipe));
    for (const QStringList &given : {QStringList(), QStringList{"--recipe", recipe}}) {
        const Run overRecipe = runWith(QStringList{"report", copy, "--html", recipe} + given);
        QCOMPARE(overRecipe.status, 2);
        QCOMPARE(QString::fromUtf8(overRecipe.err),
            QStringLiteral("quantscope: %1: is read here: name another file for the page\n").arg(recipe));
    }
    QCOMPARE(runWith({"report", "/nonexistent.pt", "--html", page}).status, 3);
    QCOMPARE(runWith({"report", model, "--html", "/proc/none/page.html"}).status, 3);
    QCOMPARE(runWith({"report", model}).status, 2);
}

QTEST_GUILESS_MAIN(TestHtmlReport)
#include "tst_html_report.moc"
