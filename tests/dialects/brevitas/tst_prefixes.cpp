// The model has members named `slots`.
#include "support/state_file.h"

#include <QtTest>

using namespace quantscope;
using test::recovered, test::weight, test::actKey, test::entry, test::findRule;

/// Names that a checkpoint has before those of the model that the recipe is of.
class TestPrefixes : public QObject {
    Q_OBJECT

private Q_SLOTS:
    /// What wrappers of torch put there is no part of a layer's name.
    void wrappers_data()
    {
        QTest::addColumn<std::string>("prefix");
        for (const char *prefix : {"", "module.", "_orig_mod.", "module._orig_mod.", "_orig_mod.module."})
            QTest::newRow(*prefix == 0 ? "none" : prefix) << std::string(prefix);
    }

    void wrappers()
    {
        QFETCH(std::string, prefix);
        const auto network
            = recovered({weight(prefix + "a.fc", {2, 2}), actKey(prefix + "q", "scaling_impl.value", {}, {1})},
                entry("a.fc", "weight", "preset = \"Int8WeightPerTensorFloat\"\nbit_width = 5"));
        QVERIFY2(network, network ? "" : network.error().text().c_str());
        QVERIFY(findRule(*network, "recipe-matches-nothing") == nullptr);
        QCOMPARE(network->layers.size(), std::size_t(2));
        QCOMPARE(network->layer("a.fc")->slot("weight")->quantizer->bitWidth, std::optional(5));
    }

    /// A model that holds the recipe's model as `net`: it may as well be a layer's own name, so the user decides.
    void parents_data()
    {
        QTest::addColumn<std::string>("match");
        QTest::addColumn<QString>("said");
        QTest::newRow("of a quantizer") << std::string("q") << ", which has net.q";
        QTest::newRow("unknown there too") << std::string("zzzzzzzz") << "";
    }

    void parents()
    {
        QFETCH(std::string, match);
        QFETCH(QString, said);
        const auto network = recovered({weight("net.fc", {2, 2}), actKey("net.q", "scaling_impl.value", {}, {1})},
            entry(match, "act", "preset = \"Int8ActPerTensorFloat\""));
        QVERIFY2(network, network ? "" : network.error().text().c_str());
        const Diagnostic *found = findRule(*network, "recipe-matches-nothing");
        QCOMPARE(network->layers.size(), std::size_t(said.isEmpty() ? 3 : 2)); // constants leave no key of their layer
        QCOMPARE(found != nullptr, !said.isEmpty());
        if (found != nullptr)
            QVERIFY2(QString::fromStdString(found->text).endsWith(said), found->text.c_str());
    }
};

QTEST_GUILESS_MAIN(TestPrefixes)
#include "tst_prefixes.moc"
