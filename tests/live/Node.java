import java.io.IOException;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import org.opensearch.analysis.common.CommonAnalysisPlugin;
import org.opensearch.common.settings.Settings;
import org.opensearch.http.HttpServerTransport;
import org.opensearch.index.mapper.MapperExtrasPlugin;
import org.opensearch.ingest.common.IngestCommonPlugin;
import org.opensearch.node.InternalSettingsPreparer;
import org.opensearch.painless.PainlessPlugin;
import org.opensearch.plugins.Plugin;
import org.opensearch.script.mustache.MustachePlugin;
import org.opensearch.transport.Netty4Plugin;

/** One OpenSearch node on loopback that says its port and lives as long as its standard input is open. */
public final class Node {
    private static final List<Class<? extends Plugin>> PLUGINS = List.of(
            CommonAnalysisPlugin.class, IngestCommonPlugin.class, MapperExtrasPlugin.class,
            MustachePlugin.class, Netty4Plugin.class, PainlessPlugin.class);

    private static final class Own extends org.opensearch.node.Node {
        Own(Settings settings, Collection<Class<? extends Plugin>> plugins) {
            super(InternalSettingsPreparer.prepareEnvironment(settings, Map.of(), null, () -> "live"),
                    plugins, true);
        }
    }

    public static void main(String[] arguments) throws Exception {
        Settings settings = Settings.builder()
                .put("path.home", Path.of(arguments[0]))
                .put("cluster.name", "live")
                .put("cluster.routing.allocation.disk.threshold_enabled", false)
                .put("discovery.type", "single-node")
                .put("http.port", "0")
                .put("http.type", "netty4")
                .put("network.host", "127.0.0.1")
                .put("transport.port", "0")
                .put("transport.type", "netty4")
                .build();
        try (Own node = new Own(settings, PLUGINS)) {
            node.start();
            HttpServerTransport http = node.injector().getInstance(HttpServerTransport.class);
            System.out.println("port " + http.boundAddress().publishAddress().getPort());
            waitForEnd();
        }
    }

    private static void waitForEnd() throws IOException {
        while (System.in.read() >= 0) {
            // nobody writes: only the end counts
        }
    }
}
