#include "support/golden.h"
#include "support/paths.h"
#include "support/program.h"

#include <QFileInfo>
#include <QtTest>

using nlohmann::json;
using quantscope::test::Run;
using quantscope::test::runWith;

namespace {

QString bundled(const QString &name) { return QString::fromStdString(quantscope::test::sample(name.toStdString())); }

QStringList onData()
{
    const QString data = bundled("digits_test.npz");
    return {"--data", data + ":images", "--labels", data + ":labels", "--json"};
}

json ran(const QStringList &more)
{
    const Run run = runWith(QStringList{"run", bundled("digits_fixed.pt")} + more + onData());
    return json::parse(run.out.toStdString());
}

} // namespace

/// `quantscope compare --sweep --data` on the bundled samples: what it says of widths is what runs say. Skipped where
/// quantscope-torch is not built.
class TestWidthsOnData : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase()
    {
        if (!QFileInfo::exists(qEnvironmentVariable("QUANTSCOPE_BIN") + "/quantscope-torch"))
            QSKIP("quantscope-torch is not built");
    }

    /// What is said of a width alone is what compare says of it; runs are not more than was said first.
    void widthsOnData()
    {
        const QStringList on = onData();
        const Run run = runWith(
            QStringList{"compare", bundled("digits_fixed.pt"), "conv1", "fc2", "--sweep", "--bits", "2:4"} + on);
        QVERIFY2(run.status == 0, run.err);
        QCOMPARE(
            run.err, QByteArray("quantscope: 12 runs at most: the network as it is, 6 widths alone, 5 together\n"));
        const json walk = json::parse(run.out.toStdString())["walk"];
        QCOMPARE(walk["runs_at_most"].get<int>(), 12);
        QCOMPARE(walk["runs"].get<std::size_t>(), 1 + 6 + walk["steps"].size());
        QCOMPARE(walk["own"]["accuracy"].get<double>(), 355.0 / 360);
        const Run compared = runWith(QStringList{"compare", bundled("digits_fixed.pt"), "fc2", "--with",
                                         "Int8WeightPerTensorFixedPoint,bit_width=3"}
            + on);
        const json alone = json::parse(compared.out.toStdString())["layers"][0]["candidates"][1];
        const json said = walk["alone"][4];
        QCOMPARE(said["name"], alone["name"]);
        for (const char *figure : {"output_sqnr_db", "predictions_changed", "accuracy", "bits"})
            QCOMPARE(said[figure].dump(), alone[figure].dump());
        const json &first = walk["steps"][0];
        QCOMPARE(first["bits"].get<int>(), 2 * (144 + 640));
        QStringList with;
        for (const json &choice : first["choices"])
            with << "--with"
                 << QString::fromStdString(
                        choice["layer"].get<std::string>() + "=" + choice["name"].get<std::string>());
        const json together = ran(with);
        QCOMPARE(first["accuracy"], together["accuracy"]);
    }

    /// Of activations the bits of one sample, as many elements as run sees flow; of both the two together.
    void activationWidthsOnData()
    {
        const QStringList on = onData();
        const auto sweep = [&](const QStringList &more) {
            return runWith(QStringList{"compare", bundled("digits_fixed.pt"), "--sweep", "--bits", "3:4"} + more + on);
        };
        const Run activations = sweep({"relu1", "relu2", "--over", "activations"});
        QVERIFY2(activations.status == 0, activations.err);
        QCOMPARE(activations.err,
            QByteArray("quantscope: 8 runs at most: the network as it is, 4 widths alone, 3 together\n"));
        const json document = json::parse(activations.out.toStdString()), walk = document["walk"];
        QCOMPARE(document["over"], json("activations"));
        QCOMPARE(document["missing"], json::array());
        const json whole = ran({});
        const auto elements = [&](const std::string &layer) {
            for (const json &one : whole["layers"])
                if (one["name"] == layer && one["slot"] == "act")
                    return one["count"].get<std::uint64_t>() / 360;
            return std::uint64_t{0};
        };
        QCOMPARE(elements("relu1"), std::uint64_t{1024}); // 16 x 8 x 8
        QStringList names;
        for (const json &one : walk["alone"]) {
            const auto name = QString::fromStdString(one["name"]), layer = QString::fromStdString(one["layer"]);
            names << layer + ":" + QString::fromStdString(one["slot"]) + "=" + name;
            const std::uint64_t width = names.size() % 2 == 1 ? 3 : 4;
            QCOMPARE(one["bits"].get<std::uint64_t>(), width * elements(layer.toStdString()));
        }
        QCOMPARE(names.size(), 4);
        QCOMPARE(walk["alone"][3]["accuracy"], ran({"--with", names[3]})["accuracy"]);
        const json &first = walk["steps"][0];
        QCOMPARE(first["bits"].get<std::uint64_t>(), 3 * (elements("relu1") + elements("relu2")));
        QCOMPARE(first["activation_bits"], first["bits"]);
        QCOMPARE(first["weight_bits"], json(0));
        const json together = ran({"--with", names[0], "--with", names[2]});
        QCOMPARE(first["accuracy"], together["accuracy"]);
        const Run both = sweep({"conv1", "relu1", "--over", "both"});
        QVERIFY2(both.status == 0, both.err);
        const json of = json::parse(both.out.toStdString())["walk"]["steps"][0];
        QCOMPARE(of["weight_bits"].get<std::uint64_t>(), std::uint64_t{3 * 144});
        QCOMPARE(of["activation_bits"].get<std::uint64_t>(), 3 * elements("relu1"));
        QCOMPARE(of["bits"].get<std::uint64_t>(), 3 * (144 + elements("relu1")));
        const Run unknown = sweep({"relu9", "--over", "both"});
        QCOMPARE(unknown.status, 2);
        QCOMPARE(unknown.err,
            ("quantscope: " + bundled("digits_fixed.pt") + ": has no layer \"relu9\"; did you mean \"relu1\"?\n")
                .toUtf8());
    }

    /// Every word that runs a network takes it, and none without data.
    void memory()
    {
        const QStringList on = onData() + QStringList{"--memory", "0"};
        for (const QStringList &words : {QStringList{"compare", bundled("digits_fixed.pt"), "fc2", "--with", "binary"},
                 QStringList{"compare", bundled("digits_fixed.pt"), "fc2", "--sweep", "--bits", "2:3"},
                 QStringList{
                     "compare", bundled("digits_fixed.pt"), "relu1", "--slot", "act", "--with", "ap_ufixed<3,2>"}}) {
            const Run none = runWith(words + on);
            QVERIFY2(none.status == 0 && !none.out.isEmpty(), none.err);
        }
        QCOMPARE(ran({"--memory", "0"})["correct"], json(355));
        const Run without = runWith({"compare", bundled("digits_fixed.pt"), "fc2", "--memory", "0"});
        QCOMPARE(without.status, 2);
        QCOMPARE(without.err, QByteArray("quantscope: --memory requires --data; try quantscope --help\n"));
    }
};

QTEST_GUILESS_MAIN(TestWidthsOnData)
#include "tst_widths_on_data.moc"
