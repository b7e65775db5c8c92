// Lab only; nothing in it reaches a site. Stand-in: what POM's services would notice of what they were given.
//
// One request a line on standard input, and to each, by its id, one answer a line on standard output: `name=value` pairs, URL-encoded,
// separated by tabs. So no password is ever in an argument, the environment or a file. `look` says what is to be looked at: database, epm
// or kafka. An empty value of a need means that it holds; otherwise it says why not.
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.net.HttpURLConnection;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URL;
import java.net.URLDecoder;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.io.InputStream;
import java.security.KeyStore;
import java.security.MessageDigest;
import java.security.cert.X509Certificate;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import javax.net.ssl.HttpsURLConnection;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.common.Node;

public final class PomProbe {
    private static final String ALIAS = "pomservercert";
    private static final int SECONDS = 5;
    private static final int KAFKA_SECONDS = 9;
    private static final String UNTRUSTED =
        "javax.net.ssl.SSLHandshakeException: sun.security.validator.ValidatorException: No trusted certificate found";

    private final PrintStream answers;
    private Connection connection;
    private String connectedWith = "";
    private Admin admin;
    private String adminOf = "";
    private SSLContext tls;
    private String tlsOf = "";

    private PomProbe(PrintStream answers) {
        this.answers = answers;
    }

    public static void main(String[] arguments) throws Exception {
        PomProbe probe = new PomProbe(new PrintStream(System.out, true, StandardCharsets.UTF_8));
        System.setOut(System.err);
        // One thread for each kind of look, so that a Kafka that does not answer holds up nothing else.
        Map<String, ExecutorService> threads = new LinkedHashMap<>();
        BufferedReader requests = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = requests.readLine(); line != null; line = requests.readLine()) {
            Map<String, String> request = decode(line);
            threads.computeIfAbsent(request.get("look"), look -> Executors.newSingleThreadExecutor()).execute(() -> probe.serve(request));
        }
        System.exit(0);
    }

    private void serve(Map<String, String> request) {
        Map<String, String> answer = new LinkedHashMap<>();
        answer.put("id", request.get("id"));
        answer.put("stores", stores(request));
        String look = request.get("look");
        if ("database".equals(look)) {
            answer.put("database", database(request));
            if (answer.get("database").isEmpty()) {
                schema(request, answer);
            }
        } else if (answer.get("stores").isEmpty() && "epm".equals(look)) {
            answer.put("epm", epm(request));
        } else if (answer.get("stores").isEmpty()) {
            kafka(request, answer);
        }
        answers.println(encode(answer));
    }

    // --- stores

    private synchronized String stores(Map<String, String> request) {
        try {
            String version = digest(request.get("keystore")) + digest(request.get("truststore"))
                + request.get("keystore_password") + request.get("truststore_password");
            if (!version.equals(tlsOf)) {
                tls = context(request);
                tlsOf = version;
            }
            return "";
        } catch (Exception failure) {
            tlsOf = "";
            return words(failure);
        }
    }

    private synchronized SSLContext tls() {
        return tls;
    }

    private synchronized String tlsVersion() {
        return tlsOf;
    }

    private static SSLContext context(Map<String, String> request) throws Exception {
        KeyStore keys = load(request.get("keystore"), request.get("keystore_password"));
        KeyStore trusted = load(request.get("truststore"), request.get("truststore_password"));
        if (!keys.isKeyEntry(ALIAS)) {
            throw new IllegalStateException("pomKeyStore has no private key with the alias " + ALIAS);
        }
        ((X509Certificate) keys.getCertificate(ALIAS)).checkValidity();
        KeyManagerFactory own = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        own.init(keys, request.get("keystore_password").toCharArray());
        SSLContext context = SSLContext.getInstance("TLS");
        TrustManagerFactory others = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        others.init(trusted);
        context.init(own.getKeyManagers(), others.getTrustManagers(), null);
        // The JDBC driver takes the default one.
        SSLContext.setDefault(context);
        return context;
    }

    private static KeyStore load(String path, String password) throws Exception {
        KeyStore store = KeyStore.getInstance("JKS");
        try (InputStream stream = Files.newInputStream(Path.of(path))) {
            store.load(stream, password.toCharArray());
        }
        return store;
    }

    private static String digest(String path) throws Exception {
        return Arrays.toString(MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(Path.of(path))));
    }

    // --- database

    private String database(Map<String, String> request) {
        String wanted = request.get("url") + request.get("user") + request.get("password") + request.get("secured");
        try {
            if (connection == null || !wanted.equals(connectedWith) || !connection.isValid(SECONDS)) {
                disconnect();
                Properties properties = new Properties();
                properties.setProperty("user", request.get("user"));
                properties.setProperty("password", request.get("password"));
                properties.setProperty("connectTimeout", String.valueOf(SECONDS));
                properties.setProperty("loginTimeout", String.valueOf(SECONDS));
                properties.setProperty("socketTimeout", String.valueOf(2 * SECONDS));
                boolean secured = "true".equals(request.get("secured"));
                properties.setProperty("sslmode", secured ? "verify-ca" : "disable");
                properties.setProperty("sslfactory", "org.postgresql.ssl.DefaultJavaSSLFactory");
                connection = DriverManager.getConnection(request.get("url"), properties);
                connectedWith = wanted;
            }
            return "";
        } catch (SQLException failure) {
            disconnect();
            return words(failure);
        }
    }

    /** The schema, this server's row in it, and for each service that runs whether this server is its master. */
    private void schema(Map<String, String> request, Map<String, String> answer) {
        try {
            answer.put("schema", "");
            answer.put("server", knows(request.get("identities").split(",")) ? "" : "this POM server is not in the table pim_server");
            if (answer.get("server").isEmpty() && "database".equals(request.get("election"))) {
                for (String service : list(request, "released")) {
                    release(service, request.get("self"));
                }
                for (String service : list(request, "held")) {
                    boolean master = holds(service, request.get("self"), Double.parseDouble(request.get("failover_seconds")));
                    answer.put("role." + service, master ? "MASTER" : "DORMANT");
                }
            }
        } catch (SQLException failure) {
            answer.put("schema", words(failure));
            disconnect();
        }
    }

    private boolean knows(String[] identities) throws SQLException {
        String query = "SELECT 1 FROM pim_server WHERE lower(server_address) = ANY (?) OR lower(host_name) = ANY (?)";
        try (PreparedStatement statement = connection.prepareStatement(query)) {
            statement.setArray(1, connection.createArrayOf("text", identities));
            statement.setArray(2, connection.createArrayOf("text", identities));
            try (ResultSet found = statement.executeQuery()) {
                return found.next();
            }
        }
    }

    /** Who holds a service's row and renews it is master; a row that was not renewed is anyone's. The database's clock decides. */
    private boolean holds(String service, String self, double seconds) throws SQLException {
        String take = "INSERT INTO standin_master AS held (service, server, beat) VALUES (?, ?, clock_timestamp()) "
            + "ON CONFLICT (service) DO UPDATE SET server = excluded.server, beat = excluded.beat "
            + "WHERE held.server = excluded.server OR held.beat < clock_timestamp() - make_interval(secs => ?)";
        try (PreparedStatement statement = connection.prepareStatement(take)) {
            statement.setString(1, service);
            statement.setString(2, self);
            statement.setDouble(3, seconds);
            return statement.executeUpdate() == 1;
        }
    }

    private void release(String service, String self) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement("DELETE FROM standin_master WHERE service = ? AND server = ?")) {
            statement.setString(1, service);
            statement.setString(2, self);
            statement.executeUpdate();
        }
    }

    private void disconnect() {
        if (connection != null) {
            try {
                connection.close();
            } catch (SQLException failure) {
                System.err.println("closing the connection: " + failure.getMessage());
            }
            connection = null;
        }
    }

    // --- EPM, Kafka, the other servers

    /** The first EPM that answers. One that is not trusted is told, one that is away is passed over. */
    private String epm(Map<String, String> request) {
        String words = "";
        for (String place : request.get("epm").split(",")) {
            words = epmAt(place);
            if (words.isEmpty() || words.equals(UNTRUSTED)) {
                return words;
            }
        }
        return words;
    }

    private String epmAt(String place) {
        try {
            HttpsURLConnection asked = (HttpsURLConnection) new URL("https://" + place + "/axis2").openConnection();
            asked.setSSLSocketFactory(tls().getSocketFactory());
            asked.setConnectTimeout(SECONDS * 1000);
            asked.setReadTimeout(SECONDS * 1000);
            int status = asked.getResponseCode();
            asked.disconnect();
            return status == HttpURLConnection.HTTP_OK ? "" : "the EPM at " + place + " answers " + status;
        } catch (SSLException failure) {
            System.err.println("EPM at " + place + ": " + failure.getMessage());
            return UNTRUSTED;
        } catch (Exception failure) {
            return "the EPM at " + place + " does not answer: " + words(failure);
        }
    }

    private void kafka(Map<String, String> request, Map<String, String> answer) {
        boolean secured = "SSL".equals(request.get("kafka_protocol"));
        try {
            String wanted = request.get("kafka_protocol") + request.get("brokers") + tlsVersion();
            if (admin == null || !wanted.equals(adminOf)) {
                close();
                admin = Admin.create(adminSettings(request, secured));
                adminOf = wanted;
            }
            Collection<Node> nodes = admin.describeCluster().nodes().get(KAFKA_SECONDS + 1L, TimeUnit.SECONDS);
            answer.put("kafka", "");
            answer.put("brokers", nodes.stream().map(node -> node.host() + ":" + node.port()).sorted().collect(Collectors.joining(",")));
            answer.put("peers", secured ? peers(nodes) : "");
        } catch (Exception failure) {
            close();
            answer.put("kafka", "Kafka at " + request.get("brokers") + ": " + words(failure));
        }
    }

    private static Properties adminSettings(Map<String, String> request, boolean secured) {
        Properties settings = new Properties();
        settings.setProperty("bootstrap.servers", request.get("brokers"));
        settings.setProperty("client.id", "pomprobe");
        settings.setProperty("security.protocol", request.get("kafka_protocol"));
        // A broker that is off answers nothing at all: turn to the next one soon enough.
        settings.setProperty("socket.connection.setup.timeout.ms", "1500");
        settings.setProperty("socket.connection.setup.timeout.max.ms", "1500");
        settings.setProperty("request.timeout.ms", "3000");
        settings.setProperty("default.api.timeout.ms", String.valueOf(KAFKA_SECONDS * 1000));
        settings.setProperty("reconnect.backoff.max.ms", "2000");
        if (secured) {
            for (String store : new String[] {"keystore", "truststore"}) {
                settings.setProperty("ssl." + store + ".location", request.get(store));
                settings.setProperty("ssl." + store + ".password", request.get(store + "_password"));
                settings.setProperty("ssl." + store + ".type", "JKS");
            }
            settings.setProperty("ssl.key.password", request.get("keystore_password"));
        }
        return settings;
    }

    /** Each server of the cluster must present a certificate that pomTrustStore trusts. One that is down is no lack of trust. */
    private String peers(Collection<Node> nodes) {
        for (Node node : nodes) {
            try (Socket plain = new Socket()) {
                plain.connect(new InetSocketAddress(node.host(), node.port()), SECONDS * 1000);
                plain.setSoTimeout(SECONDS * 1000);
                try (SSLSocket secure = (SSLSocket) tls().getSocketFactory().createSocket(plain, node.host(), node.port(), true)) {
                    SSLParameters parameters = secure.getSSLParameters();
                    parameters.setEndpointIdentificationAlgorithm("HTTPS");
                    secure.setSSLParameters(parameters);
                    secure.startHandshake();
                }
            } catch (SSLException failure) {
                return node.host() + ": " + UNTRUSTED + " (" + failure.getMessage() + ")";
            } catch (Exception failure) {
                System.err.println(node.host() + ": " + failure.getMessage());
            }
        }
        return "";
    }

    private void close() {
        if (admin != null) {
            admin.close(java.time.Duration.ZERO);
            admin = null;
        }
    }

    // --- the protocol

    private static String[] list(Map<String, String> request, String name) {
        String value = request.getOrDefault(name, "");
        return value.isEmpty() ? new String[0] : value.split(",");
    }

    /** The message of a failure and of what caused it, on one line. */
    private static String words(Throwable failure) {
        StringBuilder found = new StringBuilder();
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            String message = cause.getMessage() == null ? cause.getClass().getSimpleName() : cause.getMessage().replaceAll("\\s+", " ");
            if (found.indexOf(message) < 0) {
                found.append(found.length() == 0 ? "" : ": ").append(message);
            }
        }
        return found.toString();
    }

    private static Map<String, String> decode(String line) {
        Map<String, String> values = new LinkedHashMap<>();
        for (String pair : line.split("\t")) {
            int sign = pair.indexOf('=');
            values.put(pair.substring(0, sign), URLDecoder.decode(pair.substring(sign + 1), StandardCharsets.UTF_8));
        }
        return values;
    }

    private static String encode(Map<String, String> values) {
        return values.entrySet().stream()
            .map(entry -> entry.getKey() + "=" + URLEncoder.encode(entry.getValue(), StandardCharsets.UTF_8))
            .collect(Collectors.joining("\t"));
    }
}
