#include "open/open_network.h"
#include "report/inspect.h"
#include "support/golden.h"
#include "support/paths.h"
#include "support/state_file.h"

#include <QtTest>

using namespace quantscope;
using nlohmann::json;

namespace {

std::string field(const std::string &name) { return test::data("field/" + name); }
json expected(const std::string &name) { return test::golden(field(name + ".expect.json")); }

std::vector<std::string> textsOf(const Network &network, std::string_view rule)
{
    std::vector<std::string> out;
    for (const Diagnostic &d : network.diagnostics)
        if (d.rule == rule)
            out.push_back(d.text);
    return out;
}

} // namespace

/// Integers that are their own codes, several sets of weights in one file, contents under another name.
class TestFieldInts : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void parts_data()
    {
        QTest::addColumn<QString>("file");
        QTest::addColumn<QString>("part");
        QTest::addColumn<QString>("shown");
        QTest::addColumn<QStringList>("layers");
        QTest::addColumn<QStringList>("notes");
        const QStringList layers{"conv", "fc"};
        const auto other = [](const QString &name, const char *values) {
            return name + " holds the same layers with " + values + " values and is not shown: --part " + name
                + " takes it";
        };
        const QString ema = other("ema", "other");
        QTest::newRow("ema") << "ema.pt"
                             << ""
                             << "model" << QStringList{"fc"} << QStringList{ema};
        QTest::newRow("the other") << "ema.pt"
                                   << "ema"
                                   << "ema" << QStringList{"fc"} << QStringList{other("model", "other")};
        QTest::newRow("three, an optimizer") << "parts/three.pt"
                                             << ""
                                             << "model" << layers << QStringList{ema, other("model_ema", "other")};
        QTest::newRow("a wrapper between") << "parts/emawrap.pt"
                                           << "ema"
                                           << "ema" << layers << QStringList{other("model", "other")};
        QTest::newRow("equal values") << "parts/samevals.pt"
                                      << ""
                                      << "model" << layers << QStringList{other("ema", "the same")};
        QTest::newRow("whole modules") << "parts/yolo.pt"
                                       << ""
                                       << "model" << layers << QStringList{ema};
        QTest::newRow("two networks") << "parts/gan.pt"
                                      << ""
                                      << "generator" << layers
                                      << QStringList{"discriminator holds 2 tensors of other layers and is not shown: "
                                                     "--part discriminator takes it"};
        QTest::newRow("pieces of one network")
            << "parts/encdec.pt"
            << ""
            << "" << QStringList{"encoder.conv", "encoder.fc", "decoder.c"} << QStringList{};
    }

    void parts()
    {
        QFETCH(QString, file);
        QFETCH(QString, part);
        QFETCH(QString, shown);
        QFETCH(QStringList, layers);
        QFETCH(QStringList, notes);
        const auto network = openNetwork(field(file.toStdString()), {}, false, {},
            part.isEmpty() ? std::nullopt : std::optional(part.toStdString()));
        QVERIFY(network);
        QCOMPARE(network->file->shown() ? QString::fromStdString(network->file->shown()->name) : QString(), shown);
        QStringList names, said;
        for (const Layer &layer : network->layers)
            names << QString::fromStdString(layer.name);
        for (const std::string &text : textsOf(*network, "not-shown"))
            if (text.find("optimizer") == text.npos)
                said << QString::fromStdString(text);
        QCOMPARE(names, layers);
        QCOMPARE(said, notes);
    }

    void emaAsExpected()
    {
        const json expect = expected("ema");
        const auto network = openNetwork(field("ema.pt"));
        QVERIFY(network);
        QCOMPARE(network->file->shown()->name, expect["shown"].get<std::string>());
        QVERIFY(textsOf(*network, "not-shown").at(0).starts_with(expect["diagnostic"].get<std::string>()));
    }

    /// Names and shapes alone do not tell whether the values differ.
    void listedPartsAreNotCompared()
    {
        const auto network = openNetwork(field("ema.pt"), {}, true);
        QVERIFY(network);
        QCOMPARE(textsOf(*network, "not-shown"),
            std::vector<std::string>{"ema holds the same layers and is not shown: --part ema takes it"});
    }

    void unknownParts()
    {
        const auto wrong = openNetwork(field("ema.pt"), {}, false, {}, "emo");
        QVERIFY(!wrong);
        QCOMPARE(wrong.error().kind, ErrorKind::Usage);
        QCOMPARE(wrong.error().message, std::string("has no part \"emo\" to show: it has model, ema"));
        const auto single = openNetwork(field("int_weights.pt"), {}, false, {}, "ema");
        QVERIFY(!single);
        QCOMPARE(single.error().message, std::string("has no part \"ema\" to show: it holds one set of weights"));
    }

    /// An edit keeps what was said without reading the tensors again.
    void editsKeepThePart()
    {
        const auto opened = OpenedModel::open(field("ema.pt"), {});
        QVERIFY(opened);
        const auto ema = opened->showing("ema");
        QVERIFY(ema);
        const auto before = ema->network();
        QVERIFY(before);
        const auto recipe = parseRecipe(test::preset("fc", "weight", "Int4WeightPerTensorFloatDecoupled"), "r.toml");
        QVERIFY(recipe);
        const auto after = ema->network(*recipe, {}, &*before);
        QVERIFY(after);
        QCOMPARE(after->layers.at(0).slot(Slot::Weight)->tensorName, std::string("ema.fc.weight"));
        QCOMPARE(textsOf(*after, "not-shown"), textsOf(*before, "not-shown"));
    }
};

QTEST_APPLESS_MAIN(TestFieldInts)
#include "tst_field_ints.moc"
